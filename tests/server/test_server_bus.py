"""From the supervisor to the workers: order, cuts, bounds, and a worker that is gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
import trio.testing
from pytsung_server.bus import MAX_WAITING_BYTES, Bus, Receiver, open_lanes
from pytsung_server.events import MAX_EVENT_BYTES

from pytsung.reactor.reactor import READ, Reactor


class Worker:
    """The far end of a lane, read by hand."""

    def __init__(self, end: socket.socket) -> None:
        self.got: list[bytes] = []
        self.reactor = Reactor()
        self.receiver = Receiver(self.reactor, end, self.got.append)

    def read(self) -> None:
        self.receiver.on_ready(READ)

    def hang_up(self) -> None:
        """As if the process had ended."""
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), self.receiver._descriptor)

    def close(self) -> None:
        os.close(self.receiver._descriptor)
        os.close(self.reactor._alarm.descriptor)
        self.reactor._epoll.close()


@contextmanager
def bus_of(count: int) -> Iterator[tuple[Bus, list[Worker]]]:
    lanes, ends = open_lanes(count)
    workers = [Worker(end) for end in ends]
    try:
        yield Bus(lanes), workers
    finally:
        for worker in workers:
            worker.close()
        for lane in lanes:
            lane.close()


async def carry(bus: Bus, workers: list[Worker], messages: int) -> None:
    """Run the bus until each of `workers` has got so many messages."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bus.run)
        with trio.fail_after(5):
            while any(len(worker.got) < messages for worker in workers):
                await trio.lowlevel.checkpoint()
                for worker in workers:
                    worker.read()
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


def test_every_worker_gets_every_message_in_order() -> None:
    """Clients of one channel are spread over the workers by chance."""
    messages = [b"one", b"", b"x" * 300_000, b"two"]
    with bus_of(3) as (bus, workers):
        assert all(bus.publish(message) for message in messages)
        trio.run(carry, bus, workers, len(messages))
        assert [worker.got for worker in workers] == [messages] * 3
        assert (bus.published, bus.lost) == (4, 0)


def test_a_message_in_pieces_is_delivered_once_it_is_whole() -> None:
    """A stream cuts where it likes, inside a length, too."""
    ours, theirs = socket.socketpair()
    worker = Worker(theirs)
    stream = b"\x00\x00\x00\x03abc\x00\x00\x00\x01d"
    for at in range(len(stream)):
        ours.send(stream[at : at + 1])
        worker.read()
        assert worker.got == [b"abc"] * (at >= 6) + [b"d"] * (at >= 11)
    worker.close()
    ours.close()


def test_a_worker_that_does_not_read_loses_the_newest_and_delays_nobody() -> None:
    """The supervisor's memory is bounded, and one stuck worker is not everybody's problem."""
    with bus_of(2) as (bus, (stuck, busy)):
        message = b"x" * MAX_EVENT_BYTES
        whole = MAX_WAITING_BYTES // len(message) - 1  # a message's length is framed, too
        assert all(bus.publish(message) for _ in range(whole))
        assert not bus.publish(message)
        assert (bus.published, bus.lost) == (whole + 1, 1)
        trio.run(carry, bus, [busy], whole)
        assert stuck.got == []
        assert busy.got == [message] * whole


def test_a_worker_that_has_ended_does_not_keep_the_others_from_events() -> None:
    """The supervisor decides what a dead worker means; the bus only goes on."""
    with bus_of(2) as (bus, (gone, lives)):
        gone.hang_up()
        bus.publish(b"a")
        trio.run(carry, bus, [lives], 1)
        assert not bus.publish(b"b")
        assert lives.got == [b"a"]


def test_a_message_that_is_too_long_is_not_published() -> None:
    """Whoever feeds the bus tells its own peer; nothing is cut."""
    with bus_of(1) as (bus, _), pytest.raises(ValueError, match="limit"):
        bus.publish(b"x" * (MAX_EVENT_BYTES + 1))
