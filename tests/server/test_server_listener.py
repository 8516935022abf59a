"""How many connections a worker takes from the kernel at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytsung_server import kernel
from pytsung_server.counts import Counts, Table
from pytsung_server.door import Door
from pytsung_server.listener import AT_ONCE, BATCH, Listener
from pytsung_server.settings import LimitMode
from pytsung_server.sockets import open_listener

from pytsung.reactor.reactor import READ, Reactor


class Queue:
    """Connections that wait in the kernel, and how often it was asked for one."""

    def __init__(self) -> None:
        self.waiting = 0
        self.asked = 0

    def accept(self, _: int) -> int:
        self.asked += 1
        if not self.waiting:
            raise BlockingIOError
        self.waiting -= 1
        return os.open(os.devnull, os.O_RDONLY)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue()
    monkeypatch.setattr(kernel, "accept", made.accept)
    return made


@contextmanager
def listening() -> Iterator[tuple[Listener, Reactor]]:
    """A listener whose connections are closed at once, in a reactor that is turned by hand."""
    reactor = Reactor()
    table = Table(1)
    door = Door(open_listener((socket.AF_INET, ("127.0.0.1", 0))), [0], table)
    made = Listener(
        reactor,
        door,
        os.close,
        worker=0,
        table=Table(1),
        counts=Counts(table, 0),
        limit=10**6,
        mode=LimitMode.PAUSE,
        cap=10**6,
    )
    try:
        yield made, reactor
    finally:
        made.stop()
        door.close()
        reactor._callbacks.append(lambda: None)  # so that the turn does not wait
        reactor._turn()
        os.close(reactor._alarm.descriptor)
        reactor._epoll.close()


def test_of_connections_that_come_one_by_one_each_is_asked_for_once(queue: Queue) -> None:
    """At 1,000 a second, a call that fails after each is a tenth of all that a connection takes."""
    with listening() as (one, reactor):
        for _ in range(100):
            reactor.now += 2 * AT_ONCE
            queue.waiting += 1
            one.on_ready(READ)
        assert queue.waiting == 0
        assert queue.asked == 100


def test_a_queue_is_taken_in_growing_bursts(queue: Queue) -> None:
    """Thousands that wait must not each cost a turn of the loop, nor all of them hold it."""
    with listening() as (one, reactor):
        queue.waiting = 1000
        taken = []
        while queue.waiting:
            before = queue.waiting
            reactor.now += AT_ONCE / 2
            one.on_ready(READ)
            taken.append(before - queue.waiting)
        assert taken[:3] == [1, 2, 4]
        assert max(taken) == BATCH
        assert len(taken) < 25
        assert queue.asked <= 1001
        reactor.now += AT_ONCE
        one.on_ready(READ)  # nobody: the burst is over
        queue.waiting = 2
        one.on_ready(READ)
        assert queue.waiting == 1


def test_the_limit_holds_whatever_waits(queue: Queue) -> None:
    """A burst must never take more than there is room for."""
    with listening() as (one, _):
        one._limit = 10
        queue.waiting = 50
        one._table.open[0] = 4
        one.on_ready(READ)
        assert queue.waiting == 44
