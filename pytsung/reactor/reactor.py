"""The loop that a worker, and a server process, spends its life in.

It blocks in one epoll of its own, and trio runs as its guest (trio's guest mode):
sockets and timers by the ten thousand cost one method call an event, while start,
stop, control messages and name look-ups keep trio's structure. Measured beside
nesting this epoll under trio: 1.0 against 2.7 times a bare loop at 1,000 events/s.

Must not know users or protocols: handlers have `on_ready`, timers have `on_timer`.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from time import monotonic
from typing import Any, Protocol

import outcome
import trio

from pytsung.reactor.calendar import NEVER, Bucket, Calendar, Timed

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
ERROR = select.EPOLLERR
HANGUP = select.EPOLLHUP

FINE_SLOT = 0.002
COARSE_SLOT = 0.010
"""Seconds. Timers under a second are fine: a 10 ms slot would be seen in them. All users whose
pause ends in one slot go on together, so wide slots make bursts that nobody asked for;
narrow ones wake a loop for each user."""

PHASE = (5**0.5 - 1) / 2
"""Part of a slot by which the slots of one process come after those of the process before it,
by number. Else all loops of a machine wake at one instant, and wait for each other and for
the target; with multiples of the golden section they are spread evenly, however many."""

FINE_BELOW = 1.0
LOOK_AHEAD = 10.0
"""A deadline that is usually moved before it comes (a request's timeout) is looked
at again this often, in seconds. Otherwise cancelled timers of ten minutes would
pile up by the million."""

MAX_EVENTS = 512
"""Events taken from epoll at once: bounds how old the loop's time can get."""


class Handler(Protocol):
    """What a descriptor's readiness is told to."""

    def on_ready(self, events: int) -> None:
        """The descriptor is ready; `events` is epoll's mask."""
        ...


class Reactor:
    """Descriptors, timers and a trio guest in one loop. Not thread-safe but where stated.

    `now` is the time when the loop last woke, on the monotonic clock: for what
    arrived, that is nearer to the truth than the time when we come round to it.
    `lags` collects, for each slot of timers that fired, by how many seconds it was
    late; whoever reads it empties it.
    """

    def __init__(self) -> None:
        self.now = monotonic()
        self.lags: list[float] = []
        self._epoll = select.epoll()
        self._handlers: list[Handler | None] = []
        self._closing: list[int] = []
        phase = os.getpid() * PHASE % 1.0
        self._fine = Calendar(FINE_SLOT, phase)
        self._coarse = Calendar(COARSE_SLOT, phase)
        self._callbacks: deque[Callable[[], object]] = deque()
        self._alarm = _Alarm()
        self.register(self._alarm.descriptor, self._alarm, READ)

    # -- descriptors ----------------------------------------------------------

    def register(self, descriptor: int, handler: Handler, events: int = READ) -> None:
        """Tell `handler` when a descriptor is ready; level-triggered."""
        self._epoll.register(descriptor, events)
        handlers = self._handlers
        if descriptor >= len(handlers):
            handlers.extend([None] * (descriptor + 64 - len(handlers)))
        handlers[descriptor] = handler

    def modify(self, descriptor: int, events: int) -> None:
        """Wait for other events on a registered descriptor."""
        self._epoll.modify(descriptor, events)

    def unregister(self, descriptor: int) -> None:
        """Forget a descriptor without closing it."""
        self._handlers[descriptor] = None
        self._epoll.unregister(descriptor)

    def close(self, descriptor: int) -> None:
        """Forget a registered descriptor, and close it at the end of this turn.

        Not at once: its number could be given to a new socket, and an event of the
        same turn would then reach the wrong handler. Closing ends epoll's interest.
        """
        self._handlers[descriptor] = None
        self._closing.append(descriptor)

    # -- timers ---------------------------------------------------------------

    def wake_at(self, item: Timed, deadline: float) -> None:
        """Call `item.on_timer()` at `deadline`; moves the timer if one is set."""
        item.deadline = deadline
        bucket = item.bucket
        if bucket is None or bucket[0] > deadline:
            near = deadline - self.now < FINE_BELOW
            item.bucket = (self._fine if near else self._coarse).add(item, deadline)

    def expect_before(self, item: Timed, deadline: float) -> None:
        """Like `wake_at`, cheaper for deadlines that are mostly moved before they come."""
        item.deadline = deadline
        bucket = item.bucket
        if bucket is None or bucket[0] > deadline:
            remaining = deadline - self.now
            if remaining < FINE_BELOW:
                item.bucket = self._fine.add(item, deadline)
            else:
                at = deadline if remaining < LOOK_AHEAD else self.now + LOOK_AHEAD
                item.bucket = self._coarse.add(item, at)

    def everyone(self) -> Iterator[object]:
        """Every handler and every timed item, each once; costs a walk through all."""
        seen = set()
        timed = (item for calendar in (self._fine, self._coarse) for item in calendar.items())
        for one in chain(self._handlers, timed):
            if one is not None and id(one) not in seen:
                seen.add(id(one))
                yield one

    # -- other threads, trio --------------------------------------------------

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run `callback` at the end of a turn: of this one, or from a callback of the next."""
        self._callbacks.append(callback)

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> None:
        """Run `callback` in the loop's next turn; from any thread or signal handler."""
        self._callbacks.append(callback)
        self._alarm.ring()

    def run(self, main: Callable[..., Awaitable[Any]], *args: object) -> Any:
        """Run the loop with `main(*args)` as trio's main task, until that ends; once only.

        Gives what `main` gives and raises what it raises. An exception from a handler
        or a timer is a bug: the guest is cancelled, then the exception comes out.
        """
        finished: list[outcome.Outcome[Any]] = []
        scope = trio.CancelScope()

        async def guest() -> Any:
            with scope:
                return await main(*args)

        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=self.call_soon_threadsafe,
            done_callback=finished.append,
        )
        try:
            while not finished:
                self._turn()
        except BaseException:
            # scope.cancel() would wake trio by itself only from within trio's turn.
            self.call_soon_threadsafe(scope.cancel)
            while not finished:
                self._epoll.poll(0.01)
                self._run_callbacks()
            raise
        finally:
            os.close(self._alarm.descriptor)
            self._epoll.close()
        return finished[0].unwrap()

    def _turn(self) -> None:
        timeout = -1.0
        next_time = min(self._fine.next_time, self._coarse.next_time)
        if self._callbacks:
            timeout = 0.0
        elif next_time < NEVER:
            timeout = max(0.0, next_time - monotonic())
        events = self._epoll.poll(timeout, MAX_EVENTS)
        self.now = monotonic()
        handlers = self._handlers
        for descriptor, mask in events:
            handler = handlers[descriptor]
            if handler is not None:
                handler.on_ready(mask)
        if self._fine.next_time <= self.now or self._coarse.next_time <= self.now:
            self._fire(self._fine)
            self._fire(self._coarse)
        if self._callbacks:
            self._run_callbacks()
        if self._closing:
            for descriptor in self._closing:
                os.close(descriptor)
            self._closing.clear()

    def _run_callbacks(self) -> None:
        callbacks = self._callbacks
        for _ in range(len(callbacks)):
            callbacks.popleft()()

    def _fire(self, calendar: Calendar) -> None:
        now = self.now
        while calendar.next_time <= now:
            bucket: Bucket = calendar.pop()
            self.lags.append(now - bucket[0])
            soon = now + calendar.width
            for item in bucket[1:]:
                if item.bucket is bucket:
                    item.bucket = None
                    if item.deadline <= soon:
                        item.on_timer()
                    elif item.deadline < NEVER:
                        self.expect_before(item, item.deadline)


class _Alarm:
    """Wakes the loop from another thread: an eventfd in its epoll."""

    __slots__ = ("descriptor",)

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        os.write(self.descriptor, (1).to_bytes(8, "little"))

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - only ever readable
        os.read(self.descriptor, 8)
