"""Three ways to send the same bytes to each of very many sockets.

The loop in C is the kernel's price, the loop in Python the interpreter's, and what is left
is the bundled server's own. Must not know who receives, or what is measured.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from pytsung_server.connection import Connection, State
from pytsung_server.counts import Counts, Table
from pytsung_server.events import Event
from pytsung_server.fanout import Fanout
from pytsung_server.filters import EVERYTHING
from pytsung_server.settings import Profile, Settings
from pytsung_server.shared import Shared
from pytsung_server.subscriptions import Standing, Subscription

from bench.rivals.send_loop import compile_loop
from pytsung.reactor.reactor import Reactor

BURST = 400
"""Sends in a row: as many as a slice of the fan-out has, and less than the 1,000 packets that a
core's queue holds (net.core.netdev_max_backlog)."""

Sender = Callable[[], Iterator[None]]
"""Sends to every client; stops after each burst."""


class Turns(Reactor):
    """A reactor that is not run: what it is asked to do next waits in `waiting`."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[Callable[[], object]] = deque()

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> None:
        """Keep it."""
        self.waiting.append(callback)


def fan_out(descriptors: Sequence[int]) -> tuple[Sender, int]:
    """The bundled server's way, and how many bytes each client gets."""
    reactor, counts = Turns(), Counts(Table(1), 0)
    shared = Shared(Settings(), reactor, counts)
    standing = Standing("console", "", ("guests",))
    group = shared.index.group(standing, (Subscription.to(("files",), EVERYTHING),))
    for descriptor in descriptors:
        connection = Connection(shared, descriptor)
        connection.state = State.OPEN
        shared.index.join(connection, group, shared.minter.take(1))
    fanout = Fanout(Profile.CURRENT, reactor, counts, shared.index, shared.minter)
    event = Event(
        project="console",
        channels=("files",),
        roles=("any",),
        names=("some.event",),
        timestamp="2026-08-21T13:42:57.123+00:00",
        payload={"padding": "x" * 180},
    )

    def send() -> Iterator[None]:
        fanout.deliver(event)
        yield
        while reactor.waiting:
            reactor.waiting.popleft()()
            yield

    for _ in send():  # once, to see how much it is
        pass
    return send, counts.bytes_sent // len(descriptors)


def python_loop(descriptors: Sequence[int], message: bytes) -> Sender:
    """One `os.write` after the other."""

    def send() -> Iterator[None]:
        for burst in _bursts(descriptors):
            for descriptor in burst:
                os.write(descriptor, message)
            yield

    return send


def c_loop(descriptors: Sequence[int], message: bytes) -> Sender:
    """One `send()` after the other, in C."""
    loop = compile_loop()

    def send() -> Iterator[None]:
        for burst in _bursts(descriptors):
            loop(burst, message)
            yield

    return send


def _bursts(descriptors: Sequence[int]) -> Iterator[Sequence[int]]:
    return (descriptors[n : n + BURST] for n in range(0, len(descriptors), BURST))
