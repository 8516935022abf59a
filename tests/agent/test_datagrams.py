"""Datagrams have no connection to lose, and load by UDP must not invent one.

Here too: IPv6, and peers that read slowly or never.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic, sleep

import pytest

from pytsung.plan import (
    ChangeType,
    ConnectionOptions,
    ThinkTime,
    Transport,
)
from tests import servers
from tests.agent.peers import IMPATIENT, RAW, datagrams, raw, tell
from tests.agent.test_live_user import LIMIT, ONCE, counted, live


def go(port: int, transport: Transport, **words: bool) -> ChangeType:
    return ChangeType("ts_raw", "127.0.0.1", str(port), transport, **words)


# -- UDP ----------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_each_request_is_one_datagram(host: str) -> None:
    """On one socket from first to last; opening it is the connect."""
    with datagrams(lambda data: [data.upper()], host) as server:
        recorder = live(
            server.port, raw("one"), raw("two"), tell("three"),
            transport=Transport.UDP, room=RAW, users=3, host=host,
        )  # fmt: skip
        sleep(0.05)
        assert sorted(server.seen) == sorted([b"one", b"two", b"three"] * 3)
    assert counted(recorder) == {"request_noack": 3}
    assert recorder.connections_opened == len(recorder.seen["connect"]) == 3
    assert len(recorder.seen["request"]) == 6
    assert recorder.bytes_sent == 3 * len("onetwothree")
    assert recorder.bytes_received == 3 * len("ONETWO")


def test_the_first_datagram_is_the_answer() -> None:
    """Those after it are counted, and dropped; an empty one is an answer, and no end."""
    with datagrams(lambda data: [b"", b"second"]) as server:
        recorder = live(server.port, raw(), ThinkTime(0.05), transport=Transport.UDP, room=RAW)
    assert counted(recorder) == {}
    assert len(recorder.seen["request"]) == 1
    assert recorder.bytes_received == len("second")


def test_datagrams_that_nobody_asked_for_are_counted_in_bidi_sessions() -> None:
    """One each, as Tsung counts blocks."""
    with datagrams(lambda data: [b"1", b"2", b"3"]) as server:
        recorder = live(
            server.port, raw(), ThinkTime(0.05),
            transport=Transport.UDP, room=RAW, bidirectional=True,
        )  # fmt: skip
    assert counted(recorder) == {"async_unknown_data_rcv": 2}


def test_a_datagram_without_an_answer_is_not_sent_again() -> None:
    """`idle_timeout`, and no retry: there is none in UDP."""
    with datagrams(lambda data: []) as server:
        recorder = live(
            server.port, raw(), transport=Transport.UDP, room=RAW,
            options=ConnectionOptions(idle_timeout=0.2),
        )  # fmt: skip
        assert server.seen == [b"hello"]
    assert counted(recorder) == {"error_timeout": 1}
    assert recorder.connections_opened == 1


@contextmanager
def refusing_datagrams() -> Iterator[int]:
    """A port of UDP where nobody is: the kernel answers with ICMP, port unreachable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    yield port


def test_a_refused_datagram_ends_a_user_who_waits_for_an_answer() -> None:
    """At once, under the kernel's name for it; Tsung's waits for `idle_timeout`."""
    start = monotonic()
    with refusing_datagrams() as port:
        recorder = live(port, raw(), transport=Transport.UDP, room=RAW)
    assert counted(recorder) == {"error_inet_econnrefused": 1}
    assert monotonic() - start < LIMIT / 2


def test_refused_datagrams_end_nobody_else() -> None:
    """A load that wants no answers goes on, as Tsung's does; that they were refused is counted."""
    with refusing_datagrams() as port:
        recorder = live(
            port, tell(), ThinkTime(0.02), tell(), tell(), ThinkTime(0.02), tell(),
            transport=Transport.UDP, room=RAW, users=2,
        )  # fmt: skip
    found = counted(recorder)
    assert found.pop("request_noack") == 8
    assert set(found) == {"error_inet_econnrefused"}
    assert found["error_inet_econnrefused"] >= 4
    assert recorder.bytes_sent == 8 * len("hello")


def test_a_datagram_that_is_too_long() -> None:
    """65,507 bytes are the most (RFC 768: a length of 16 bits, less the headers)."""
    with datagrams(lambda data: [b"%d" % len(data)]) as server:
        recorder = live(
            server.port, raw("x" * 65_507), raw("x" * 65_508),
            transport=Transport.UDP, room=RAW, options=ConnectionOptions(max_retries=1),
        )  # fmt: skip
        assert [len(each) for each in server.seen] == [65_507]
    assert counted(recorder) == {"error_send_emsgsize": 2, "error_abort_max_send_retries": 1}
    assert recorder.connections_opened == 1


def test_a_first_datagram_that_is_too_long_is_no_failed_connect() -> None:
    """The socket was there."""
    with datagrams(lambda data: [data]) as server:
        recorder = live(
            server.port, raw("x" * 65_508), transport=Transport.UDP, room=RAW, options=ONCE
        )
    assert counted(recorder) == {"error_send_emsgsize": 1, "error_abort_max_send_retries": 1}
    assert recorder.connections_opened == 1


# -- IPv6 ---------------------------------------------------------------------------


def answer_once(connection: socket.socket) -> None:
    connection.sendall(connection.recv(100).upper())
    servers.stay_silent(connection)


def test_a_session_over_ipv6() -> None:
    """The kernel's loopback: what a <server host="::1"> gets."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve_one() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                answer_once(connection)

        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        recorder = live(listener.getsockname()[1], raw(), room=RAW, host="::1")
        thread.join(5)
    assert counted(recorder) == {}
    assert len(recorder.seen["request"]) == 1


# -- a peer that does not read --------------------------------------------------------


def test_a_request_to_a_peer_that_never_reads_has_a_time_limit() -> None:
    """More than all socket buffers hold; Tsung's user waits for ever."""
    release = threading.Event()

    def never_read(connection: socket.socket) -> None:
        release.wait(LIMIT)

    with servers.serving(never_read) as port:
        options = replace(IMPATIENT, send_buffer=65536)
        start = monotonic()
        recorder = live(port, raw("x" * 20_000_000), room=RAW, options=options)
        release.set()
    assert counted(recorder) == {"error_timeout": 1}
    assert 0.18 < monotonic() - start < LIMIT / 2
    assert recorder.bytes_sent == 0


def test_a_slow_reader_is_waited_for() -> None:
    """Each piece that it takes begins the time anew."""

    def read_slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        left = 12_000_000
        while left > 0:
            sleep(0.005)
            left -= len(connection.recv(65536))
        connection.sendall(b"all")
        servers.stay_silent(connection)

    with servers.serving(read_slowly) as port:
        options = ConnectionOptions(idle_timeout=0.5, send_buffer=65536)
        start = monotonic()
        recorder = live(port, raw("x" * 12_000_000), room=RAW, options=options)
    assert counted(recorder) == {}
    assert monotonic() - start > options.idle_timeout
    assert recorder.bytes_sent == 12_000_000


# -- put aside -------------------------------------------------------------------------


def test_a_socket_for_datagrams_put_aside_outlives_a_refusal() -> None:
    """Nobody hangs up in UDP, and what comes meanwhile is thrown away."""
    with datagrams(lambda data: [data, b"late"]) as server, refusing_datagrams() as nobody:
        recorder = live(
            server.port,
            raw("one"),
            go(nobody, Transport.UDP, store=True),
            tell(),
            ThinkTime(0.05),
            go(server.port, Transport.UDP, restore=True),
            raw("two"),
            transport=Transport.UDP,
            room=RAW,
        )
        assert server.seen == [b"one", b"two"]
    assert set(counted(recorder)) == {"request_noack", "error_inet_econnrefused"}
    assert recorder.connections_opened == 2
