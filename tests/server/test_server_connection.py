"""One connection over a socket pair: any chunking, any bytes, any time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytsung_server import transport
from pytsung_server.connection import Connection, State
from pytsung_server.counts import Counts, Table
from pytsung_server.settings import Profile, Settings
from pytsung_server.shared import Shared
from pytsung_server.transport import MAX_UNSENT_BYTES

from pytsung.reactor.reactor import READ, WRITE, Reactor
from tests.server.running import FIRST_FRAME_2021, HEAD, masked, request


class Bench:
    """A connection, its client's end, and the loop that calls it, turn by turn."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.table = Table(1)
        self.counts = Counts(self.table, 0)
        self.shared = Shared(Settings(profile=Profile.BENCH2021), self.reactor, self.counts)
        ours, self.client = socket.socketpair()
        ours.setblocking(False)
        self.client.setblocking(False)
        self.counts.opened()
        self.connection = Connection(self.shared, ours.detach())
        self.connection.start()

    def feed(self, data: bytes) -> None:
        """One piece arrives and is read."""
        if self.connection.state is State.CLOSED:
            return
        self.client.sendall(data)
        self.connection.on_ready(READ)

    def answer(self) -> bytes:
        """All that the client has got."""
        data = b""
        try:
            while more := self.client.recv(65536):
                data += more
        except (BlockingIOError, ConnectionResetError):
            pass
        return data

    def is_open(self) -> bool:
        return self.connection.state is State.OPEN

    def has_unsent(self) -> bool:
        return self.connection._unsent is not None

    def close(self) -> None:
        self.connection.end()
        self.client.close()
        for descriptor in self.reactor._closing:
            os.close(descriptor)
        os.close(self.reactor._alarm.descriptor)
        self.reactor._epoll.close()


@contextmanager
def bench() -> Iterator[Bench]:
    made = Bench()
    try:
        yield made
    finally:
        made.close()


TALK = (
    request() + masked(9, b"a") + masked(1, b"x" * 200) + masked(9, b"b") + masked(8, b"\x03\xe8")
)


def answers_to(pieces: list[bytes]) -> bytes:
    with bench() as one:
        for piece in pieces:
            one.feed(piece)
        assert one.connection.state is State.CLOSED
        assert one.table.open[0] == 0
        assert one.counts.bytes_received == len(TALK)
        return one.answer()


def test_a_talk_cut_at_any_place_gets_the_same_answers() -> None:
    """The network cuts where it likes: in the head, in a frame's header, in a mask."""
    whole = answers_to([TALK])
    assert whole.startswith(HEAD + FIRST_FRAME_2021 + b"\x8a\x01a")
    assert whole.endswith(b"\x8a\x01b\x88\x02\x03\xe8")
    for cut in range(1, len(TALK)):
        assert answers_to([TALK[:cut], TALK[cut:]]) == whole
    assert answers_to([TALK[at : at + 1] for at in range(len(TALK))]) == whole


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6), st.booleans())
@example([b"\x88\x80\x00\x00\x00\x00"], True)
@example([b"G", b"\r\n\r", b"\n"], False)
def test_garbage_costs_the_client_that_sent_it(pieces: list[bytes], upgraded: bool) -> None:
    """Whatever comes, no exception leaves a connection: that would end the worker."""
    with bench() as one:
        if upgraded:
            one.feed(request())
        for piece in pieces:
            try:
                one.feed(piece)
            except BrokenPipeError:
                break  # we had hung up
        one.connection.end()
        one.connection.end()
        assert one.table.open[0] == 0


def test_an_idle_connection_keeps_nothing() -> None:
    """A million of them wait; each byte is a megabyte."""
    with bench() as one:
        one.feed(request())
        one.feed(masked(9, b"ping"))
        assert one.connection._head is None
        assert one.connection._codec is None
        assert one.connection._unsent is None
        assert not hasattr(one.connection, "__dict__")
        assert one.shared.opening == {}


def test_a_slow_head_is_cut_off_and_an_idle_client_is_not() -> None:
    """Slowloris: heads that never end, by the thousand, must not hold descriptors."""
    with bench() as slow, bench() as idle:
        slow.feed(request()[:-1])
        idle.feed(request())
        for one in (slow, idle):
            one.shared.end_slow_heads(10.0)
            assert one.table.open[0] == 1
            one.reactor.now += 10.1
            one.shared.end_slow_heads(10.0)
        assert (slow.table.open[0], idle.table.open[0]) == (0, 1)
        assert slow.counts.errors == 1


def test_a_client_that_asks_and_does_not_read_is_dropped() -> None:
    """Answers wait in memory, up to a bound; beyond it the client is the problem."""
    with bench() as one:
        one.feed(request())
        pings = masked(9, b"x" * 125) * 100
        fed = 0
        while one.connection.state is State.OPEN:
            one.feed(pings)
            fed += len(pings)
            assert fed < 100 * MAX_UNSENT_BYTES
        assert (one.counts.errors, one.counts.slow) == (1, 1)
        assert one.shared.unsent_bytes == 0


def test_one_long_message_may_wait_for_a_client_that_was_not_slow() -> None:
    """An event may be longer than what a socket takes at once, and than the bound."""
    with bench() as one:
        one.feed(request())
        long = b"x" * (3 * MAX_UNSENT_BYTES)
        one.connection.push(long)
        assert one.is_open()
        assert one.shared.unsent_bytes > MAX_UNSENT_BYTES
        one.connection.push(b"y")  # but now it is slow
        assert not one.is_open()
        assert one.counts.slow == 1
        assert one.shared.unsent_bytes == 0


def test_all_clients_of_a_worker_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client host that freezes has thousands of them, each within its own bound."""
    monkeypatch.setattr(transport, "MAX_UNSENT_BY_ALL", 100_000)
    with bench() as one:
        one.feed(request())
        while not one.has_unsent():
            one.connection.push(b"x" * 10_000)
        one.shared.unsent_bytes += 90_000  # what waits for others
        one.connection.push(b"x" * 20_000)
        assert not one.is_open()
        assert one.shared.unsent_bytes == 90_000


def test_who_is_leaving_is_told_no_more_events() -> None:
    """Nothing may follow a close frame (RFC 6455, 5.5.1)."""
    with bench() as one:
        one.feed(request())
        one.answer()
        one.connection.leave(1001)
        assert len(one.shared.index) == 0
        one.connection.push(b"an event")
        assert one.answer() == b"\x88\x02\x03\xe9"


def test_what_could_not_be_written_at_once_is_written_later() -> None:
    """A slow reader gets all of it, in order."""
    with bench() as one:
        one.feed(request())
        one.answer()
        pings = b"".join(masked(9, b"%08d" % number) for number in range(1000))
        rounds = 0
        while not one.has_unsent():
            one.feed(pings)
            rounds += 1
            assert rounds < 1000
        read = b""
        while one.has_unsent():
            read += one.answer()
            one.connection.on_ready(WRITE)
        read += one.answer()
        expected = b"".join(b"\x8a\x08%08d" % number for number in range(1000))
        assert read == expected * rounds


@pytest.mark.parametrize("state", [State.OPENING, State.OPEN, State.LEAVING])
def test_the_end_of_the_stream_ends_it_in_every_state(state: State) -> None:
    """Clients vanish at any time."""
    with bench() as one:
        if state is not State.OPENING:
            one.feed(request())
        if state is State.LEAVING:
            one.connection.leave(1001)
        assert one.connection.state is state
        one.client.shutdown(socket.SHUT_WR)
        one.connection.on_ready(READ)
        assert one.table.open[0] == 0


def test_after_our_close_frame_nothing_is_answered() -> None:
    """Nothing may follow a close frame (RFC 6455, 5.5.1)."""
    with bench() as one:
        one.feed(request())
        one.answer()
        one.connection.leave(1001)
        one.feed(masked(9, b"a") + masked(1, b"{}"))
        assert one.answer() == b"\x88\x02\x03\xe9"
        one.feed(masked(8, b"\x03\xe9"))
        assert one.connection.state is State.CLOSED
