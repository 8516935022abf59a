"""Takes connections from the kernel until a limit is reached.

Two limits, two behaviours: `max_connections` is over all workers and turns
newcomers away; a worker's descriptor limit closes its listening socket, because
accepting at that limit spins, and clients queued on a socket that nobody accepts
from would hang. Must not know what connections say.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable

from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.reactor.reactor import Reactor
from pytsung_server import kernel
from pytsung_server.counts import Counts, Table
from pytsung_server.settings import LimitMode
from pytsung_server.sockets import Address, open_listener

BATCH = 64
"""Accepted at once before other connections get their turn; the original's number."""

AT_ONCE = 0.0005
"""Seconds after which to be woken again means that more were waiting than we took."""

PAUSE = 1.0
"""Seconds that nothing is accepted after a connection over the limit; the original's."""

NEAR = 4 * BATCH
"""This near to the limit (times the workers) they take turns, so that it holds exactly."""

REOPEN_PART = 0.9
"""A worker that stopped listening listens again below this part of what it held then."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)


class Listener:
    """One worker's listening socket; `serve` takes each new descriptor.

    `cap` is the most connections that this worker may have.
    """

    def __init__(
        self,
        reactor: Reactor,
        listener: socket.socket,
        serve: Callable[[int], None],
        *,
        table: Table,
        counts: Counts,
        limit: int,
        mode: LimitMode,
        cap: int,
    ) -> None:
        self.deadline = NEVER
        self.bucket: Bucket | None = None
        self._reactor = reactor
        self._address: Address = (listener.family, listener.getsockname()[:2])
        self._serve = serve
        self._table = table
        self._counts = counts
        self._limit = limit
        self._mode = mode
        self._cap = cap
        self._near = NEAR * table.workers
        self._reopen_below = 0
        self._burst = 1
        self._last_ready = reactor.now
        self._stopped = False
        self._descriptor: int | None = listener.detach()
        reactor.register(self._descriptor, self)

    def stop(self) -> None:
        """Listen no more."""
        self._stopped = True
        self._close()

    def reopen(self) -> None:
        """Listen again if we stopped at the cap and are well below it now; call it now and then."""
        if self._descriptor is not None or self._stopped:
            return
        if self._counts.open >= self._reopen_below:
            return
        try:
            listener = open_listener(self._address)
        except OSError as error:
            _log.warning("cannot listen again yet: %s", error.strerror)
            return
        self._descriptor = listener.detach()
        self._reactor.register(self._descriptor, self)
        _log.warning("worker %d listens again", os.getpid())

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
        if self._descriptor is not None:
            self._reactor.register(self._descriptor, self)

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
                self._close_at_cap(f"epoll refuses more: {error.strerror}")
                break
        self._counts.saw_open(sum(self._table.open))
        if self._counts.open >= self._cap and self._descriptor is not None:
            self._close_at_cap(f"{self._cap} connections, all that its descriptor limit allows")
        return taken

    def _next(self) -> int | None:
        """The next connection; None when there is none, or no means to take it."""
        assert self._descriptor is not None
        try:
            return kernel.accept(self._descriptor)
        except OSError as error:
            if error.errno is not None and error.errno in _EXHAUSTED:
                self._close_at_cap(os.strerror(error.errno))
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
        if self._mode is LimitMode.PAUSE and self._descriptor is not None:
            self._reactor.unregister(self._descriptor)
            self._reactor.wake_at(self, self._reactor.now + PAUSE)

    def _close_at_cap(self, reason: str) -> None:
        self._reopen_below = max(1, int(self._counts.open * REOPEN_PART))
        self._close()
        _log.warning(
            "worker %d stops listening: %s; start more --workers, or raise the hard limit"
            " (ulimit -Hn)",
            os.getpid(),
            reason,
        )

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._reactor.close(descriptor)
