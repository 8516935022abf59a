"""However a run ends, its books are closed: signals, aborts, limits."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from tests import servers
from tests.end_to_end.command import (
    CLOSE,
    CONNECT,
    children,
    command_of,
    configuration,
    processes_of,
    think,
    users,
    wait_for,
)
from tests.end_to_end.conftest import Start

TWO_WORKERS = 'host="localhost" use_controller_vm="true" cpu="2"'
TRANSACTION = '<transaction name="whole">{}</transaction>'


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_stops_gracefully(
    start: Start, port: int, number: signal.Signals, status: int
) -> None:
    """No new users; those who live are open, not finished, and no session is measured for them."""
    steps = TRANSACTION.format(CONNECT + think(30) + CLOSE)
    load = users(2000, rate=20)
    text = configuration(port, steps, load=load, client=TWO_WORKERS)
    command = start("start", text=text)
    command.wait_until_started(20)
    run_id = command.run_id
    command.signal(number)
    asked = time.monotonic()
    result = command.wait()
    assert result.status == status, result.stderr
    assert time.monotonic() - asked < 15
    result.check_books()
    summary = result.summary
    assert summary["users"]["open"] == summary["users"]["started"] >= 20
    assert summary["users"]["finished"] == summary["users"]["lost"] == 0
    assert not {"session", "tr_whole"} & set(summary["samples"])
    assert result.verdict != "invalid", result.reasons
    assert summary["duration"] < 30
    assert [event["event"] for event in result.events if event["event"] == "stop"] == ["stop"]
    assert not processes_of(run_id)


def test_a_second_signal_while_the_target_drains_keeps_what_was_measured(start: Start) -> None:
    """The bundled server may take its time; nobody has to wait for it to see a result."""
    from tests.end_to_end.test_a_run import free_port

    command = start("start", "--target", text=configuration(free_port(), CONNECT, think(60)))
    command.wait_until_started(20)
    (target,) = [
        pid for pid in children(command.process.pid) if "pytsung_server" in command_of(pid)
    ]
    agent, run_id = command.agent, command.run_id
    os.kill(target, signal.SIGSTOP)  # it will not end when it is told to
    try:
        command.signal(signal.SIGINT)
        wait_for(lambda: not command_of(agent), "the run is over")
        time.sleep(0.5)
        began = time.monotonic()
        command.signal(signal.SIGINT)
        wait_for(lambda: not command_of(target), "nobody waits for the target")
        took = time.monotonic() - began
        result = command.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, signal.SIGCONT)
    assert took < 10  # 15 s are the server's; what is written afterwards takes its time
    assert result.status == 130
    result.check_books()
    assert result.summary["users"]["open"] == 20
    assert result.summary["target"] is None
    wait_for(lambda: not processes_of(run_id), "no process of the run is left")


def test_requests_in_flight_get_their_grace_and_a_second_signal_cuts_it(start: Start) -> None:
    """The first waits for answers that do not come; the second ends at once, books closed."""
    with servers.serving(servers.stay_silent) as port:
        command = start("start", "--grace", "50s", text=configuration(port, CONNECT, CLOSE))
        command.wait_until_started(20)
        run_id = command.run_id
        command.signal(signal.SIGINT)
        time.sleep(1.0)
        assert command.process.poll() is None, "it did not wait for the requests in flight"
        command.signal(signal.SIGINT)
        asked = time.monotonic()
        result = command.wait()
    assert time.monotonic() - asked < 40  # not the 50 s of grace
    assert result.status == 130, result.stderr
    result.check_books()
    assert result.summary["users"]["open"] == 20
    wait_for(lambda: not processes_of(run_id), "no process of the run is left")


def test_a_request_in_flight_may_end_within_the_grace(start: Start) -> None:
    """A user whose session ends with the answer it waited for is finished, not open."""

    def answer_late(connection: object) -> None:
        time.sleep(2.5)
        servers.upgrade(connection)  # type: ignore[arg-type] # a socket, as `serving` gives it

    with servers.serving(answer_late) as port:
        command = start("start", "--grace", "20s", text=configuration(port, CONNECT))
        command.wait_until_started(20)
        command.signal(signal.SIGTERM)
        result = command.wait()
    assert result.status == 143, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == 20
    assert result.counters == {"websocket_succ": 20}


def test_the_loads_own_duration(start: Start, port: int) -> None:
    """Reached: status 0, `error_abort`, users in flight unrecorded, as in Tsung."""
    steps = (CONNECT, think(30), CLOSE)
    text = configuration(port, *steps, load_attributes='duration="2" unit="second"')
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.counters["error_abort"] == 1
    assert result.summary["users"]["open"] == 20
    assert 2 <= result.summary["duration"] < 30
    assert result.verdict != "invalid", result.reasons


def test_a_limit_that_ends_the_run(start: Start, port: int) -> None:
    """The target has failed: the rest of the load is spared, and the books are closed."""
    limit = '<option name="threshold" value="connect: count&lt;10 abort_on_fail"/>'
    text = configuration(port, CONNECT, think(30), CLOSE, load=users(2000, rate=20), options=limit)
    began = time.monotonic()
    result = start("start", "--threshold", "connect: p(95)<60s", text=text).wait()
    assert result.status == 99, result.stderr
    assert time.monotonic() - began < 30
    result.check_books()
    crossed, kept = result.summary["thresholds"]
    assert (crossed["threshold"], crossed["kept"]) == ("connect: count<10 abort_on_fail", False)
    assert crossed["value"] >= 10
    assert kept["kept"]
    assert [event["reason"] for event in result.events if event["event"] == "stop"] == ["threshold"]
    assert result.verdict != "invalid", result.reasons


def test_abort_of_the_whole_test(start: Start, port: int) -> None:
    """`<abort type="all"/>` of one user ends everybody, in its own worker and in others."""
    sessions = (
        '<session name="stay" probability="100" type="ts_websocket">'
        f"{CONNECT}{think(40)}{CLOSE}</session>"
        '<session name="end" probability="0" type="ts_websocket">'
        f'{think(0.1)}<abort type="all"/></session>'
    )
    load = '<user session="end" start_time="1" unit="second"/>' + users(20)
    text = configuration(port, sessions=sessions, load=load, client=TWO_WORKERS)
    began = time.monotonic()
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    assert time.monotonic() - began < 30, "the others went on"
    result.check_books()
    assert result.counters["error_abort"] == 1
    assert result.summary["users"]["open"] == 20
    assert result.verdict != "invalid", result.reasons
