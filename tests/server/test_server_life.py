"""A server process from its first line to its last: limits, signals, accidents."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytsung_server.counts import Table
from pytsung_server.door import Door
from pytsung_server.greeting import BAD_REQUEST
from pytsung_server.sockets import open_listeners

from tests.server.admin_client import AdminClient
from tests.server.bench import event
from tests.server.conftest import StartServer
from tests.server.running import PATIENCE, RawClient, RunningServer, masked, request

GOING_AWAY = b"\x88\x02\x03\xe9"


def wait_until(happened: Callable[[], object]) -> None:
    """Look every 10 ms, for at most PATIENCE seconds."""
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_it_says_one_line_when_it_serves(start_server: StartServer) -> None:
    """Whoever started it waits for this line, and reads the port from it."""
    server = start_server("--workers", "2", "--profile", "bench2021")
    assert server.line == (
        f"pytsung-server listening on ws://127.0.0.1:{server.port} (2 workers, profile bench2021)\n"
    )
    assert server.stop() == 0
    assert server.process.stdout is not None
    assert server.process.stdout.read() == ""


def test_it_serves_ipv6(start_server: StartServer) -> None:
    """Half of the networks where load tests run have nothing else."""
    server = start_server("--host", "::1", "--workers", "1")
    assert server.url == f"ws://[::1]:{server.port}"
    with RawClient(server.port, "::1") as client:
        assert client.upgrade()["type"] == "connected"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_drains_when_told_to_end(start_server: StartServer, number: signal.Signals) -> None:
    """Clients learn that the server goes away, and their answers still count as orderly."""
    server = start_server("--workers", "2", "--grace", "5")
    clients = [server.client() for _ in range(20)]
    halfway = server.client()
    halfway.send(request()[:30])
    for client in clients:
        client.upgrade()
    server.process.send_signal(number)
    assert halfway.read_all() == b""
    for client in clients:
        assert client.read_all() == GOING_AWAY
        client.send(masked(8, b"\x03\xe9"))
        client.socket.close()
    before = time.monotonic()
    assert server.wait() == 0
    assert time.monotonic() - before < 2  # everybody answered: no need for all the grace
    with pytest.raises(ConnectionRefusedError):
        server.client()
    assert server.stats()["upgrades"] == 20


def test_a_client_that_does_not_answer_delays_the_end_by_the_grace_at_most(
    start_server: StartServer,
) -> None:
    """A frozen client must not keep a server from being replaced."""
    server = start_server("--workers", "1", "--grace", "0.2")
    with server.client() as client:
        client.upgrade()
        before = time.monotonic()
        assert server.stop() == 0
        assert 0.15 < time.monotonic() - before < 2


def test_the_counts_are_sums_over_the_workers(start_server: StartServer) -> None:
    """They are held against tsung.log: what users sent, the server received."""
    server = start_server("--workers", "2", "--profile", "bench2021", "--grace", "0")
    clients = [server.client() for _ in range(30)]
    for client in clients:
        client.upgrade()
    for client in clients[:10]:
        client.socket.close()
    wait_until(lambda: live_counts(server)["open"] == 20)
    with server.client() as client:
        client.send(b"\x00")
        client.read_all()
    time.sleep(0.05)
    assert server.stop() == 0
    stats = server.stats()
    assert stats["accepted"] == 31
    assert stats["upgrades"] == 30
    assert stats["peak"] == 30
    assert stats["errors"] == 1
    assert stats["refused"] == 0
    assert stats["bytes_received"] == 30 * 213 + 1
    assert stats["bytes_sent"] == 30 * 248 + len(BAD_REQUEST) + 20 * len(GOING_AWAY)
    assert 0 < stats["cpu_seconds"] < 10
    assert 2**20 < stats["peak_rss"] < 2**30


def live_counts(server: RunningServer) -> dict[str, int]:
    """What the server says on SIGUSR1."""
    lines = len(server.errors.splitlines())
    server.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: len(server.errors.splitlines()) > lines)
    counts: dict[str, int] = json.loads(server.errors.splitlines()[-1])
    return counts


def test_beyond_the_limit_newcomers_are_refused_and_others_undisturbed(
    start_server: StartServer,
) -> None:
    """At a million connections, one more must not cost those that are there."""
    server = start_server(
        "--workers", "2", "--max-connections", "10", "--limit-mode", "refuse", "--grace", "0"
    )
    held = [server.client() for _ in range(10)]
    for client in held:
        client.upgrade()
    for _ in range(20):
        with server.client() as client:
            assert client.read_all() == b""
    for client in held:
        client.send(masked(1, b'{"type":"ping"}'))
        assert client.read_frame() == (1, b'{"type":"pong"}')
    held.pop().socket.close()
    wait_until(lambda: live_counts(server)["open"] == 9)
    with server.client() as client:
        assert client.upgrade()["type"] == "connected"
    server.stop()
    assert server.stats()["refused"] == 20
    assert server.stats()["peak"] == 10


def test_beyond_the_limit_accepting_pauses(start_server: StartServer) -> None:
    """As the original: one is closed silently, later ones wait in the kernel's queue."""
    server = start_server("--workers", "1", "--max-connections", "2", "--grace", "0")
    held = [server.client(), server.client()]
    for client in held:
        client.upgrade()
    with server.client() as closed:
        assert closed.read_all() == b""
    with server.client() as waiting:
        waiting.send(request())
        held[0].send(masked(1, b'{"type":"ping"}'))  # the others go on meanwhile
        assert held[0].read_frame() == (1, b'{"type":"pong"}')
        held[0].socket.close()  # makes room
        assert waiting.read_head().startswith(b"HTTP/1.1 101")
    server.stop()
    assert server.stats()["refused"] == 1


@pytest.mark.parametrize("mode", ["pause", "refuse"])
def test_at_the_limit_those_who_are_there_go_on(start_server: StartServer, mode: str) -> None:
    """Whoever comes too late, and in whatever numbers, must not cost them an event."""
    limit = ("--max-connections", "10", "--limit-mode", mode)
    server = start_server("--workers", "2", *limit, "--admin-port", "0", "--grace", "0")
    admin = AdminClient(server)
    held = [server.client() for _ in range(10)]
    for client in held:
        client.upgrade()
    late = [server.client() for _ in range(50)]
    for client in late:
        client.socket.setblocking(False)
    for number in range(20):
        published = event("files", payload={"number": number}).to_message()
        assert admin.post(published).status == 202
        for client in held:
            assert client.read_json()["data"]["payload"] == {"number": number}
    upgraded = 0
    for client in late:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            upgraded += bool(client.socket.recv(100))
    assert upgraded == 0
    server.stop()
    stats = server.stats()
    assert stats["peak"] == 10
    assert (stats["refused"] == 50) is (mode == "refuse")
    assert stats["refused"] >= 1


def test_a_worker_at_its_descriptor_limit_closes_its_listener(start_server: StartServer) -> None:
    """Accepting without descriptors spins; a queue that nobody serves makes clients hang."""
    limit = 160  # of which 128 are spare
    server = start_server("--workers", "1", under=("sh", "-c", f'ulimit -n {limit}; exec "$@"', ""))
    held = []
    for _ in range(32):
        client = server.client()
        client.upgrade()
        held.append(client)
    wait_until(lambda: is_refused(server))
    assert "stops listening" in server.errors
    for client in held[:10]:
        client.socket.close()
    wait_until(lambda: "listens again" in server.errors)
    with server.client() as client:
        assert client.upgrade()["type"] == "connected"


def test_a_full_worker_passes_its_door_on_and_nobody_is_turned_away(
    start_server: StartServer,
) -> None:
    """Who stands in the queue of a worker that is full is served by the next one."""
    shell = 'ulimit -n 160; exec taskset -c 0 "$@"'  # 32 connections each, and one door
    server = start_server("--workers", "4", under=("sh", "-c", shell, ""))
    before = [sockets_of(pid) for pid in server.workers]
    held = [server.client() for _ in range(120)]  # as fast as we can: most of them wait
    for client in held:
        assert client.upgrade()["type"] == "connected"
    assert server.errors.count("stops listening") == 0
    took = [sockets_of(pid) - n for pid, n in zip(server.workers, before, strict=True)]
    assert sum(took) == 120
    assert sorted(took)[1] >= 32  # one after the other: one of the four is not full
    held.extend(server.client() for _ in range(sum(max(0, 32 - n) for n in took)))
    wait_until(lambda: is_refused(server))
    wait_until(lambda: "stops listening" in server.errors)
    assert server.errors.count("stops listening") == 1
    for client in held[:30]:
        client.socket.close()
    wait_until(lambda: "listens again" in server.errors)
    with server.client() as client:
        assert client.upgrade()["type"] == "connected"
    server.stop()
    assert server.wait() == 0


def sockets_of(pid: int) -> int:
    """How many sockets a process has."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    return sum(str(link.readlink()).startswith("socket:") for link in links)


def test_a_listener_that_was_shut_keeps_its_port() -> None:
    """A port of the kernel's choice would be another one after listening again."""
    (listener,) = open_listeners((socket.AF_INET, ("127.0.0.1", 0)), 1)
    with listener:
        place = listener.getsockname()
        door = Door(listener, [0], Table(1))
        assert door.take()
        socket.create_connection(place).close()
        door.full(0)
        door.pass_on()
        assert door.is_shut
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        door.has_room(0)
        assert door.take()
        assert listener.getsockname() == place
        socket.create_connection(place).close()
        assert not door.take()  # it is taken
        door.close()


def is_refused(server: RunningServer) -> bool:
    """Whether nobody listens."""
    try:
        server.client()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False  # it stood in the queue of the listener that closed
    return False


def test_limits_that_cannot_hold_what_was_asked_are_said_at_start(
    start_server: StartServer,
) -> None:
    """Found out at the start, not after an hour."""
    server = start_server("--workers", "1", "--max-connections", "100000000")
    assert "hold" in server.errors
    assert "for all give --workers" in server.errors


def test_a_worker_that_dies_ends_the_server_and_is_named(start_server: StartServer) -> None:
    """A server with a hole in it would give wrong numbers in silence."""
    server = start_server("--workers", "2", "--grace", "0.1")
    victim = server.workers[0]
    os.kill(victim, signal.SIGKILL)
    assert server.wait() == 1
    assert f"worker {victim} was killed by signal 9" in server.errors


def test_workers_die_with_their_parent(start_server: StartServer) -> None:
    """Nothing may stay behind on a port, whatever happens to the parent."""
    server = start_server("--workers", "2")
    workers = server.workers
    assert len(workers) == 2
    server.process.kill()
    server.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in workers))


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
