"""One process of the server: a reactor, a door, and the clients it took.

Must not know the other workers; what they share is in the table.
"""

from __future__ import annotations

import gc
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import trio

from pytsung.protocols.websocket.events import CloseCode
from pytsung.reactor.reactor import Reactor
from pytsung_server import limits
from pytsung_server.bus import Receiver
from pytsung_server.connection import Connection
from pytsung_server.counts import Counts, Table
from pytsung_server.directory import Directory
from pytsung_server.door import Door
from pytsung_server.listener import Listener
from pytsung_server.secure import SecureConnection
from pytsung_server.settings import Settings
from pytsung_server.shared import Shared
from pytsung_server.worker_events import WorkerEvents

HEAD_TIMEOUT = 10.0
"""Seconds from accept to a whole request head, TLS included; slow heads are an attack."""

HOUSEKEEPING = 1.0
"""Seconds between two looks at slow heads, counts and a listener at its cap."""

DRAIN_SLICE = 500
"""Close frames sent before the loop turns again, about 5 ms; 20,000 at once block it for 150."""

GC_THRESHOLDS = (50_000, 20, 1000)
"""Connections are in no reference cycle, and looking through 20,000 takes 2 ms: rarely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What a worker is given before the fork. `ready` is called when it serves."""

    settings: Settings
    index: int
    table: Table
    door: Door
    lane: socket.socket
    tls: ssl.SSLContext | None
    cap: int
    directory: Directory
    ready: Callable[[], object]

    def run(self) -> None:
        """Serve until SIGTERM, then drain; once, in a process of its own."""
        gc.set_threshold(*GC_THRESHOLDS)
        reactor = Reactor()
        counts = Counts(self.table, self.index)
        try:
            reactor.run(self._main, reactor, counts)
        finally:
            counts.publish()

    async def _main(self, reactor: Reactor, counts: Counts) -> None:
        shared = Shared(self.settings, reactor, counts, self.directory)
        events = WorkerEvents(self.settings, shared, counts)
        listener = Listener(
            reactor,
            self.door,
            self._serving(shared),
            worker=self.index,
            table=self.table,
            counts=counts,
            limit=self.settings.max_connections,
            mode=self.settings.limit_mode,
            cap=self.cap,
        )
        receiver = Receiver(reactor, self.lane, events.take)
        events.fanout.throttle = receiver.throttle
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_keep_house, shared, listener)
            nursery.start_soon(events.run)
            with trio.open_signal_receiver(signal.SIGTERM) as signals:
                gc.freeze()
                self.ready()
                async for _ in signals:
                    break
            nursery.cancel_scope.cancel()
        listener.stop()
        counts.shared_bytes = limits.shared_bytes()
        await _drain(shared, self.settings.grace)

    def _serving(self, shared: Shared) -> Callable[[int], None]:
        tls = self.tls
        if tls is None:
            return lambda descriptor: Connection(shared, descriptor).start()
        return lambda descriptor: SecureConnection(shared, descriptor, tls).start()


async def _keep_house(shared: Shared, listener: Listener) -> None:
    while True:
        await trio.sleep(HOUSEKEEPING)
        shared.end_slow_heads(HEAD_TIMEOUT)
        shared.counts.publish()
        listener.reopen()


async def _drain(shared: Shared, grace: float) -> None:
    """Send every client a close frame (1001), and wait for them at most `grace` seconds."""
    everyone = shared.reactor.everyone()
    connections = [one for one in everyone if isinstance(one, Connection)]
    with trio.move_on_after(grace):
        for start in range(0, len(connections), DRAIN_SLICE):
            for connection in connections[start : start + DRAIN_SLICE]:
                connection.leave(CloseCode.GOING_AWAY, grace)
            await trio.lowlevel.checkpoint()
        # A connection ends in the reactor's turn, where no trio.Event can be set.
        while shared.counts.open:  # noqa: ASYNC110
            await trio.sleep(0.01)
