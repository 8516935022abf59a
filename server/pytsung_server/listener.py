"""Takes connections from the kernel until a limit is reached.

Two limits, two behaviours: `max_connections` is over all workers and turns
newcomers away; at a worker's descriptor limit the next worker takes over its door,
because accepting at that limit spins. When there is none the door is shut, for clients
queued on a socket that nobody accepts from would hang. Must not know what connections say.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable

from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.reactor.reactor import Reactor
from pytsung_server import kernel
from pytsung_server.counts import Counts, Table
from pytsung_server.door import Door
from pytsung_server.settings import LimitMode

BATCH = 64
"""Accepted at once before other connections get their turn; the original's number."""

AT_ONCE = 0.0005
"""Seconds after which to be woken again means that more were waiting than we took."""

PAUSE = 1.0
"""Seconds that nothing is accepted after a connection over the limit; the original's."""

NEAR = 4 * BATCH
"""This near to the limit (times the workers) they take turns, so that it holds exactly."""

REOPEN_PART = 0.9
"""A worker that was full takes its turn again below this part of what it held then."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)


class Listener:
    """One worker at its door, whenever it is its turn; `serve` takes each new descriptor.

    `worker` is its number, and `cap` the most connections that it may have.
    """

    def __init__(
        self,
        reactor: Reactor,
        door: Door,
        serve: Callable[[int], None],
        *,
        worker: int,
        table: Table,
        counts: Counts,
        limit: int,
        mode: LimitMode,
        cap: int,
    ) -> None:
        self.deadline = NEVER
        self.bucket: Bucket | None = None
        self._reactor = reactor
        self._door = door
        self._socket, self._right = door.descriptors
        self._serve = serve
        self._worker = worker
        self._table = table
        self._counts = counts
        self._limit = limit
        self._mode = mode
        self._cap = cap
        self._near = NEAR * table.workers
        self._reopen_below = 0
        self._burst = 1
        self._last_ready = reactor.now
        self._is_keeper = False
        self._is_pausing = False
        self._is_full = False
        self._turn = _Turn(self._take)
        reactor.register(self._right, self._turn)
        self._take()

    def stop(self) -> None:
        """Listen no more, nor anybody else at this door: all workers end together."""
        if not self._is_full:
            self._reactor.unregister(self._right)
        if self._is_keeper:
            self._leave()
        self._is_full = True
        self._reopen_below = 0  # never
        self._door.shut()

    def reopen(self) -> None:
        """Take our turn again if we were full and are well below it now; call it now and then."""
        if not self._is_full or self._counts.open >= self._reopen_below:
            return
        if self._door.is_shut:
            _log.warning("worker %d listens again", os.getpid())
        self._is_full = False
        self._door.has_room(self._worker)
        self._reactor.register(self._right, self._turn)

    def _take(self) -> None:
        """Nobody keeps the door."""
        try:
            self._is_keeper = self._door.take()
        except OSError as error:
            _log.warning("cannot listen again yet: %s", error.strerror)
            self._reopen_below = self._counts.open + 1
            self._stand_back()
            return
        if self._is_keeper:
            self._reactor.register(self._socket, self)

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - only ever readable
        """Connections wait in the kernel."""
        if self._limit - sum(self._table.open) >= self._near:
            self._accept_burst()
            return
        self._table.lock()
        try:
            room = self._limit - sum(self._table.open)
            if room > 0:
                self._accept(min(BATCH, room))
            else:
                self._turn_away()
        finally:
            self._table.unlock()

    def on_timer(self) -> None:
        """The pause is over."""
        self._is_pausing = False
        if self._is_keeper:
            self._reactor.register(self._socket, self)

    def _accept_burst(self) -> None:
        """Take one where they come one by one, and more the more wait.

        To ask until there is none costs one call more than there are connections, and an
        exception: for a single one 5 µs of 60. Whoever is left behind wakes us again.
        """
        now = self._reactor.now
        if self._accept(self._burst) < self._burst:
            self._burst = 1
        elif now - self._last_ready < AT_ONCE:
            self._burst = min(BATCH, 2 * self._burst)
        self._last_ready = now

    def _accept(self, most: int) -> int:
        """Serve at most so many that wait; gives how many there were."""
        taken = 0
        while taken < most and (descriptor := self._next()) is not None:
            taken += 1
            self._counts.opened()
            try:
                self._serve(descriptor)
            except OSError as error:  # epoll takes no more (fs.epoll.max_user_watches)
                self._counts.closed()
                os.close(descriptor)
                self._pass_on(f"epoll refuses more: {error.strerror}")
                break
        self._counts.saw_open(sum(self._table.open))
        if self._counts.open >= self._cap and self._is_keeper:
            self._pass_on(f"{self._cap} connections, all that its descriptor limit allows")
        return taken

    def _next(self) -> int | None:
        """The next connection; None when there is none, or no means to take it."""
        try:
            return kernel.accept(self._socket)
        except OSError as error:
            if error.errno is not None and error.errno in _EXHAUSTED:
                self._pass_on(os.strerror(error.errno))
            return None

    def _turn_away(self) -> None:
        """Close newcomers: all that wait, or one and then none for a while."""
        for _ in range(BATCH if self._mode is LimitMode.REFUSE else 1):
            descriptor = self._next()
            if descriptor is None:
                return
            os.close(descriptor)
            self._counts.accepted += 1
            self._counts.refused += 1
        if self._mode is LimitMode.PAUSE and self._is_keeper:
            self._reactor.unregister(self._socket)
            self._is_pausing = True
            self._reactor.wake_at(self, self._reactor.now + PAUSE)

    def _pass_on(self, reason: str) -> None:
        self._reopen_below = max(1, int(self._counts.open * REOPEN_PART))
        self._stand_back()
        self._leave()
        self._door.pass_on()
        if self._door.is_shut:
            _log.warning(
                "worker %d stops listening: %s, and no other has room; start more --workers,"
                " or raise the hard limit (ulimit -Hn)",
                os.getpid(),
                reason,
            )

    def _stand_back(self) -> None:
        """Take no turn until `reopen` finds room."""
        self._is_full = True
        self._door.full(self._worker)
        self._reactor.unregister(self._right)

    def _leave(self) -> None:
        """Keep the door no more; its socket is not only ours, so epoll must be told."""
        self._is_keeper = False
        if not self._is_pausing:
            self._reactor.unregister(self._socket)


class _Turn:
    """Hears that nobody keeps the door."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[], None]) -> None:
        self._take = take

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - only ever readable
        self._take()
