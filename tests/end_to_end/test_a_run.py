"""A configuration drives users against the bundled server, and every file agrees on what happened:
the main job."""

from __future__ import annotations

import socket

from tests.end_to_end.command import ASK, CLOSE, CONNECT, configuration, think, users
from tests.end_to_end.conftest import Start
from tests.server.running import RunningServer

SMALL = (CONNECT, think(0.5), CLOSE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_a_small_load_against_the_bundled_target(start: Start) -> None:
    """`--target` brings the server along; a crossed threshold is the exit status."""
    text = configuration(free_port(), *SMALL, load=users(100, rate=50))
    result = start(
        "--target",
        "start",
        "--threshold",
        "connect: p(95)<30s",
        "--threshold",
        "request: avg<0.000001",
        text=text,
    ).wait()
    assert result.status == 99, result.stderr
    assert result.stdout.splitlines()[0] == "Starting Tsung"
    assert len(result.stdout.splitlines()) == 2
    result.check_books()
    summary = result.summary
    assert summary["users"]["started"] == summary["users"]["finished"] == 100
    assert summary["connections"]["opened"] == summary["connections"]["closed"] == 100
    assert result.counters["websocket_succ"] == 100
    assert not [name for name in result.counters if name.startswith("error")]
    assert result.verdict != "invalid", result.reasons
    assert [crossing["kept"] for crossing in summary["thresholds"]] == [True, False]
    assert summary["target"]["cpu_seconds"] > 0
    assert summary["cost"]["cpu_seconds"] > 0
    assert summary["samples"]["session"]["min"] > 0.49
    assert summary["duration"] >= 1
    # 100 at 50/s: a gamma of mean 2 s and deviation 0.2 s, and 0.5 s for the last session
    assert 1.7 - 0.8 < summary["duration"] < 30


def test_bytes_are_those_that_the_server_counted(start: Start, server: RunningServer) -> None:
    """Both ends of the wire; and the sizes that a million users were published with."""
    text = configuration(server.port, CONNECT, think(0.3), CLOSE, load=users(50))
    result = start("start", "--tsung-quirks", text=text).wait()
    assert result.status == 0, result.stderr
    assert server.stop() == 0
    result.check_books()
    counts = server.stats()
    totals = result.log_totals()
    assert totals["size_sent"] == counts["bytes_received"]
    assert totals["size_rcv"] == counts["bytes_sent"]
    assert result.summary["counters"]["websocket_succ"] == 50


def test_a_full_worker_hands_over_to_a_successor(start: Start, port: int) -> None:
    """maxusers smaller than the load: Tsung starts another VM; nobody is dropped, nobody late."""
    client = 'host="localhost" use_controller_vm="true" maxusers="20"'
    text = configuration(port, CONNECT, think(2), CLOSE, load=users(90, rate=60), client=client)
    command = start("start", text=text)
    command.wait_until_started(60)
    workers = command.workers
    result = command.wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert len(workers) >= 3
    summary = result.summary
    assert summary["users"]["finished"] == 90
    assert summary["users"]["lost"] == summary["users"]["not_started"] == 0
    assert summary["lateness"]["count"] == 90
    assert summary["lateness"]["p50"] < 0.5
    assert not [event for event in result.events if event["event"] == "worker-lost"]


def test_two_workers_share_the_phases(start: Start, port: int) -> None:
    """Fixed numbers per phase, over phases and workers; the phase's own counter, as Tsung's."""
    phase = (
        '<arrivalphase phase="{0}" duration="{1}" unit="second">'
        '<users maxnumber="{2}" arrivalrate="40" unit="second"/></arrivalphase>'
    )
    load = phase.format(1, 1, 15) + phase.format(2, 60, 9)
    load += '<user session="s" start_time="1" unit="second"/>'
    client = 'host="localhost" use_controller_vm="true" cpu="2"'
    text = configuration(port, CONNECT, ASK, think(0.1), CLOSE, load=load, client=client)
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    dropped = sum(interval["users_dropped"] for interval in result.intervals)
    assert result.summary["users"]["started"] == 15 + 9 + 1 - dropped
    assert result.counters["newphase"] == 2  # one a worker
    assert result.summary["agents"][0]["workers"] == 2
    assert [event["phase"] for event in result.events if event["event"] == "phase"] == [1, 2]
    assert result.summary["samples"]["request"]["count"] >= 2 * (25 - dropped)
