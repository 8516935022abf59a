"""A user on real sockets against peers that misbehave: each fault costs one user, under its own
name, and never the worker."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from time import monotonic
from typing import Any

import pytest
import trio
import trustme

from pytsung.agent.dialer import Dialer
from pytsung.agent.live_user import LiveUser
from pytsung.agent.resolver import Resolver
from pytsung.agent.surroundings import Surroundings
from pytsung.agent.workshop import Workshop
from pytsung.control.share import WorkerShare
from pytsung.fence import Fence
from pytsung.plan import (
    ConnectionOptions,
    Endpoint,
    Pause,
    Session,
    SessionStep,
    ThinkTime,
    TlsOptions,
    Transport,
)
from pytsung.protocols.room import Ack, Room
from pytsung.reactor.reactor import Reactor
from pytsung.user.program import Program
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World
from tests import servers
from tests.user.lines import LineRoom
from tests.user.stage import OpenRecorder, ask, tell

LIMIT = 20.0
"""Seconds after which a scene has hung."""

ONCE = ConnectionOptions(max_retries=0)


def live(
    port: int,
    *steps: SessionStep,
    options: ConnectionOptions | None = None,
    transport: Transport = Transport.TCP,
    host: str = "127.0.0.1",
    users: int = 1,
    files: Mapping[str, bytes] | None = None,
    room: Room | None = None,
    rooms: Sequence[Room] = (),
    **fields: Any,
) -> OpenRecorder:
    """Let users live their session on a reactor of their own, to the end. `fields` are its."""
    reactor, recorder = Reactor(), OpenRecorder()
    room = room or LineRoom()
    options = options or ConnectionOptions()
    session = Session("s", room.session_type, steps, options=options, **fields)
    endpoint = Endpoint(host, port, transport)

    async def main() -> None:
        ended = trio.Event()
        async with trio.open_nursery() as nursery:
            resolver = Resolver(nursery, Fence({"PYTSUNG_LOOPBACK_ONLY": "1"}))
            dialer = Dialer(WorkerShare(0, 1, (), ()), recorder, Random(1))
            world = World(recorder, Random(1))
            around = Surroundings(reactor, resolver, dialer, world)
            around.workshop = Workshop(reactor, nursery)
            around.files = files or {}
            around.when_ended = lambda: None if recorder.users_open else ended.set()
            others = {each.session_type: each for each in rooms}
            program = Program(session, room, 1, lambda kind: others.get(kind, room))
            for number in range(users):
                LiveUser(VirtualUser(number, program, endpoint, world), around).start(monotonic())
            with trio.fail_after(LIMIT):
                await ended.wait()
            nursery.cancel_scope.cancel()

    reactor.run(main)
    assert (recorder.users_open, recorder.connections_open) == (0, 0)
    assert recorder.users_finished == users
    return recorder


def counted(recorder: OpenRecorder) -> dict[str, int]:
    return {name: n for name, n in recorder.counters.items() if not name.startswith("size_")}


def echo(connection: socket.socket) -> None:
    """Answer each line with itself; a line with `bye` in it is the last."""
    with connection.makefile("rwb") as stream:
        for line in stream:
            stream.write(line)
            stream.flush()
            if b"bye" in line:
                return


# -- what goes well -----------------------------------------------------------------


def test_a_session_is_played_on_one_connection() -> None:
    """The way all users go; bytes are counted at both ends alike."""
    with servers.serving(echo) as port:
        recorder = live(port, ask("one"), ThinkTime(0.02), ask("two"), tell("three"), users=20)
    assert counted(recorder) == {"line_answered": 40, "request_noack": 20}
    assert (recorder.connections_opened, recorder.connections_closed) == (20, 20)
    assert recorder.bytes_sent == 20 * len("one\ntwo\nthree\n")
    assert len(recorder.seen["request"]) == 40
    assert all(0 < sample < LIMIT for sample in recorder.seen["connect"])
    assert min(recorder.seen["session"]) >= 0.018


def test_a_connection_that_the_peer_closes_is_opened_again() -> None:
    """The second line goes on a connection of its own."""
    with servers.serving(echo) as port:
        recorder = live(port, ask("one bye"), ThinkTime(0.05), ask("two"))
    assert counted(recorder) == {"line_answered": 2}
    assert recorder.connections_opened == 2


def test_a_request_larger_than_all_buffers_is_sent_whole() -> None:
    """What the socket does not take at once waits for it, without a copy of it per user idle."""
    size = 1_000_000
    heard: list[int] = []

    def listen_slowly(connection: socket.socket) -> None:
        count = 0
        while count < size + 1:
            count += len(connection.recv(65536))
        heard.append(count)
        connection.sendall(b"ok\n")

    with servers.serving(listen_slowly) as port:
        recorder = live(port, ask("x" * size))
    assert heard == [size + 1]
    assert recorder.bytes_sent == size + 1
    assert counted(recorder) == {"line_answered": 1}


def test_an_early_answer_lets_the_session_go_on_while_the_rest_is_written() -> None:
    """The next request follows the rest of the first, and every byte is counted once."""
    size = 1_000_000

    def answer_first(connection: socket.socket) -> None:
        connection.sendall(b"no\n")
        count = 0
        while count < size + 1 + len("second\n"):
            count += len(connection.recv(65536))
        connection.sendall(b"ok\n")

    with servers.serving(answer_first) as port:
        recorder = live(port, ask("x" * size), ask("second"))
    assert counted(recorder) == {"line_answered": 2}
    assert recorder.bytes_sent == size + 1 + len("second\n")


# -- what goes wrong ----------------------------------------------------------------


def test_a_refused_port_is_tried_four_times_over_60_ms() -> None:
    """Tsung's back-off on a real clock: 10 + 20 + 30 ms."""
    with servers.refusing() as port:
        recorder = live(port, ask(), users=5)
    assert counted(recorder) == {
        "error_connect_econnrefused": 20,
        "error_abort_max_conn_retries": 5,
    }
    assert min(recorder.seen["session"]) > 0.050
    assert recorder.connections_opened == 0


def test_a_connection_that_is_never_established_times_out() -> None:
    """`connect_timeout`; without it a user would wait for the kernel's two minutes."""
    options = ConnectionOptions(connect_timeout=0.1, max_retries=1)
    with servers.unreachable() as port:
        recorder = live(port, ask(), options=options)
    assert counted(recorder) == {
        "error_connect_timeout": 2,
        "error_abort_max_conn_retries": 1,
    }
    assert min(recorder.seen["session"]) >= 0.2


def test_a_peer_that_never_answers() -> None:
    """`idle_timeout`, and no later than that."""
    with servers.serving(servers.stay_silent) as port:
        start = monotonic()
        recorder = live(port, ask(), options=ConnectionOptions(idle_timeout=0.2), users=3)
        assert 0.18 <= monotonic() - start < LIMIT / 2
    assert counted(recorder) == {"error_timeout": 3}


def test_a_peer_that_closes_or_resets_instead_of_answering() -> None:
    """A reset is seen as a close; the protocol makes the best of it, and the session goes on."""
    for behave in (servers.hang_up, servers.reset):
        with servers.serving(behave) as port:
            recorder = live(port, ask("x"), options=ONCE, users=10)
        failed = recorder.counters["error_send_connection_closed"]
        assert recorder.connections_opened == 10
        assert len(recorder.seen.get("request", ())) == 10 - failed
        names = {"error_send_connection_closed", "error_abort_max_send_retries"}
        assert set(counted(recorder)) <= names


def test_a_peer_that_stops_listening_in_the_middle_of_a_request() -> None:
    """A user with half a request must not wait for ever to be rid of the rest."""

    def say_goodbye_but_stay(connection: socket.socket) -> None:
        connection.recv(1)
        connection.shutdown(socket.SHUT_WR)
        done.wait(LIMIT)

    done = threading.Event()
    with servers.serving(say_goodbye_but_stay) as port:
        once = ConnectionOptions(max_retries=0, send_buffer=32768)  # less than the request
        recorder = live(port, ask("x" * 1_000_000), options=once)
        done.set()
    assert counted(recorder) == {
        "error_send_connection_closed": 1,
        "error_abort_max_send_retries": 1,
    }


def test_a_name_without_an_address() -> None:
    """`.invalid` never has one (RFC 2606)."""
    recorder = live(1, ask(), host="no.such.host.invalid", options=ONCE)
    assert counted(recorder) == {
        "error_connect_nxdomain": 1,
        "error_abort_max_conn_retries": 1,
    }


def test_the_fence_lets_nobody_out() -> None:
    """A test must never reach a stranger's host: 192.0.2.0/24 is for documentation (RFC 5737)."""
    recorder = live(9, ask(), host="192.0.2.1", options=ONCE)
    assert counted(recorder)["error_connect_eacces"] == 1
    assert recorder.connections_opened == 0


# -- TLS ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_session_over_tls(server_tls: ssl.SSLContext) -> None:
    """Sizes are those of the protocol, not of TLS; `connect` includes the handshake."""
    with servers.serving(echo, server_tls) as port:
        recorder = live(port, ask("one"), ask("two bye"), ThinkTime(0.1), ask("three"),
                        transport=Transport.TLS, users=3)  # fmt: skip
    assert counted(recorder) == {"line_answered": 9}
    assert recorder.connections_opened == 6
    assert recorder.bytes_sent == 3 * len("one\ntwo bye\nthree\n")


@pytest.mark.parametrize(("reuse", "resumed"), [(True, [False, True]), (False, [False, False])])
def test_only_reconnections_resume_a_tls_session(
    server_tls: ssl.SSLContext, reuse: bool, resumed: list[bool]
) -> None:
    """As Tsung: every user pays for one full handshake, and `ssl_reuse_sessions` spares others."""
    seen: list[bool] = []

    def note(connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        seen.append(bool(connection.session_reused))
        echo(connection)

    options = ConnectionOptions()
    options = replace(options, tls=replace(options.tls, reuse_sessions=reuse))
    with servers.serving(note, server_tls) as port:
        live(port, ask("a bye"), ThinkTime(0.1), ask("b"), transport=Transport.TLS, options=options)
    assert seen == resumed


def test_a_server_that_speaks_no_tls() -> None:
    """Tsung's user crashes; ours counts it by name, and tries again by the rules."""
    with servers.serving(servers.speak_garbage) as port:
        recorder = live(
            port, ask(), transport=Transport.TLS, options=ConnectionOptions(max_retries=1)
        )
    assert counted(recorder) == {
        "error_connect_tls_wrong_version_number": 2,
        "error_abort_max_conn_retries": 1,
    }


def test_a_server_that_refuses_our_tls() -> None:
    """Its alert is in the counter's name: what to repair stands there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    options = ConnectionOptions(max_retries=0, tls=TlsOptions(versions=("tlsv1.2",)))
    with servers.serving(echo, context) as port:
        recorder = live(port, ask(), transport=Transport.TLS, options=options)
    assert counted(recorder) == {
        "error_connect_tls_protocol_version": 1,
        "error_abort_max_conn_retries": 1,
    }


@pytest.mark.parametrize("behave", [servers.hang_up, servers.reset])
def test_a_server_that_closes_inside_the_handshake(behave: servers.Behaviour) -> None:
    """`closed`, as Erlang says; not the name of a TLS library's error."""
    with servers.serving(behave) as port:
        recorder = live(port, ask(), transport=Transport.TLS, options=ONCE)
    assert counted(recorder) == {
        "error_connect_closed": 1,
        "error_abort_max_conn_retries": 1,
    }


def test_a_handshake_that_is_never_finished_times_out() -> None:
    """`connect_timeout` covers TLS, as in Tsung."""
    options = ConnectionOptions(connect_timeout=0.2, max_retries=0)
    with servers.serving(servers.stay_silent) as port:
        recorder = live(port, ask(), transport=Transport.TLS, options=options)
    assert counted(recorder)["error_connect_timeout"] == 1


def test_pauses_are_kept_on_a_real_clock() -> None:
    """Neither early by more than a slot nor, on a quiet loop, late."""
    pause = ThinkTime(0.05, Pause.UNIFORM, 0.06)
    with servers.serving(echo) as port:
        recorder = live(port, ask("a", Ack.FIRST_DATA), pause, pause)
    (session,) = recorder.seen["session"]
    assert 0.096 <= session < LIMIT / 2
