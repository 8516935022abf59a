"""Gives each event to those who listen, a few milliseconds at a time.

Sending to 20,000 subscribers takes 150 ms: between slices of it the loop serves
whoever else is ready. Events go out one after the other, so that each client gets
them in order. Must not know the bus, sessions, or how frames reach a client.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

from pytsung.reactor.reactor import Reactor
from pytsung_server.counts import Counts
from pytsung_server.event_frames import EventFrames
from pytsung_server.events import Event
from pytsung_server.ids import Minter
from pytsung_server.index import Group, Index, may_see
from pytsung_server.settings import Profile
from pytsung_server.subscriptions import matching

SLICE = 0.004
"""Seconds of sending before the loop turns: less than 10 ms with a hiccup of the system."""

CHUNK = 32
"""Frames between two looks at the clock, about 0.2 ms."""

MAX_PENDING = 64
"""Events that wait for their turn before the source is told to wait: beyond that they
wait with the bus, which knows what to do when there are too many."""


_log = logging.getLogger(__name__)


class Fanout:
    """One worker's way from an event to its clients.

    `throttle(True)` asks whoever gives the events to wait, `throttle(False)` to go on.
    """

    def __init__(
        self, profile: Profile, reactor: Reactor, counts: Counts, index: Index, minter: Minter
    ) -> None:
        self.throttle: Callable[[bool], None] = lambda _: None
        self._profile = profile
        self._reactor = reactor
        self._counts = counts
        self._index = index
        self._minter = minter
        self._pending: deque[Event] = deque()
        self._work: Iterator[None] | None = None

    def deliver(self, event: Event) -> None:
        """Send an event to all who listen to it now, after those that came before it."""
        self._pending.append(event)
        if len(self._pending) == MAX_PENDING:
            self.throttle(True)
        if self._work is None:
            self._work = self._deliveries()
            self._go_on()

    def _go_on(self) -> None:
        """Work for one slice; the rest in the loop's next turn."""
        assert self._work is not None
        until = monotonic() + SLICE
        for _ in self._work:
            if monotonic() >= until:
                self._reactor.call_soon_threadsafe(self._go_on)
                return
        self._work = None

    def _deliveries(self) -> Iterator[None]:
        """Deliver all that is pending; stops now and then for the caller to look at the clock."""
        while self._pending:
            event = self._pending.popleft()
            if len(self._pending) == MAX_PENDING // 2:
                self.throttle(False)
            yield from self._deliver(event)

    def _deliver(self, event: Event) -> Iterator[None]:
        # Who listens now gets the event once, whatever groups it goes through meanwhile.
        members = self._index.listeners(event)
        if not members:
            return
        yield
        try:
            frames = EventFrames(self._profile, event, self._minter)
        except RecursionError:  # read at a shallower stack than it would be written at
            _log.warning("an event in %s is nested too deeply; nobody gets it", event.project)
            return
        group: Group | None = None
        places: tuple[int, ...] = ()
        for start in range(0, len(members), CHUNK):
            yield
            sent = 0
            for member in members[start : start + CHUNK]:
                if member.group is not group:  # or it is in another one by now, or in none
                    group = member.group
                    places = () if group is None else _matching(group, event)
                if places:
                    member.push(frames.of(member.ids, places))
                    sent += 1
            self._counts.deliveries += sent


def _matching(group: Group, event: Event) -> tuple[int, ...]:
    """The places of a group's subscriptions that want an event."""
    if not may_see(event, group.standing):
        return ()
    return matching(group.subscriptions, event.channels, event.payload)
