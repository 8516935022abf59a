"""Intervals of several sources put together: workers into an agent's, agents into a run's.

Is told of reports, of sources that come, go and die, and of the time; gives each
interval once, in order. Must not know what a source is.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pytsung.stats.interval import Interval

PATIENCE = 2.0
"""Seconds after its end that an interval waits for the sources that have not reported it."""

Source = TypeVar("Source", bound=Hashable)


@dataclass(slots=True)
class Collected(Generic[Source]):
    """One interval by source. `missing` are sources that should have been in it."""

    index: int
    parts: dict[Source, Interval]
    missing: tuple[Source, ...] = ()

    def merged(self) -> Interval:
        """All parts as one interval. A single part is given as it is."""
        if len(self.parts) == 1:
            return next(iter(self.parts.values()))
        whole = Interval(self.index)
        for part in self.parts.values():
            whole.merge(part)
        return whole


@dataclass(slots=True)
class _Known:
    """A source: the next interval it owes (None: none any more), and its last levels."""

    owes: int | None
    users_open: int = 0
    connections_open: int = 0


class IntervalCollector(Generic[Source]):
    """Collects the intervals of one test from many sources.

    A source that is silent for an interval, or has left with users still open,
    keeps its last levels in what is given. `patience` is how long an interval waits
    for those who are late: longer for sources that collect from others themselves.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._sources: dict[Source, _Known] = {}
        self._pending: dict[int, dict[Source, Interval]] = {}
        self._next = 0

    def join(self, source: Source, at: float) -> None:
        """A source has begun, `at` seconds after the test's start."""
        self._sources[source] = _Known(owes=max(self._next, int(max(at, 0.0))))

    def leave(self, source: Source) -> None:
        """A source has said all it has to say."""
        known = self._sources.get(source)
        if known is not None:
            known.owes = None

    def add(self, source: Source, interval: Interval) -> None:
        """A source's report. One that comes too late goes into the next interval given."""
        interval.index = max(interval.index, self._next)
        known = self._sources.setdefault(source, _Known(owes=None))
        if known.owes is not None:
            known.owes = interval.index + 1
        known.users_open = interval.users_open
        known.connections_open = interval.connections_open
        self._put(source, interval)

    def lost(self, source: Source, at: float) -> int:
        """A source has died, `at` seconds after the test's start; gives its users, now lost.

        They are known from its last report: what it did after that, nobody knows.
        """
        known = self._sources.pop(source, None)
        if known is None:
            return 0
        index = max(self._next, int(max(at, 0.0)))
        self._put(
            source,
            Interval(index, users_lost=known.users_open, connections_closed=known.connections_open),
        )
        return known.users_open

    def ready(self, now: float) -> list[Collected[Source]]:
        """The intervals that are complete, or have waited long enough, at `now` seconds."""
        done = []
        while self._next + 1 <= now:
            late = tuple(
                source
                for source, known in self._sources.items()
                if known.owes is not None and known.owes <= self._next
            )
            if late and now < self._next + 1 + self._patience:
                break
            for source in late:
                self._sources[source].owes = self._next + 1
            done.append(self._take(late))
        return done

    def flush(self) -> list[Collected[Source]]:
        """Everything that is left when the last source is done, in order."""
        done = []
        while self._pending:
            done.append(self._take(()))
        return done

    def _put(self, source: Source, interval: Interval) -> None:
        parts = self._pending.setdefault(interval.index, {})
        if source not in parts:
            parts[source] = interval
            return
        # The later report has the levels; counts add up.
        users, connections = interval.users_open, interval.connections_open
        parts[source].merge(interval)
        parts[source].users_open, parts[source].connections_open = users, connections

    def _take(self, missing: tuple[Source, ...]) -> Collected[Source]:
        index = self._next
        parts = self._pending.pop(index, {})
        for source, known in self._sources.items():
            if source not in parts and (known.users_open or known.connections_open):
                parts[source] = Interval(
                    index,
                    users_open=known.users_open,
                    connections_open=known.connections_open,
                )
        self._next += 1
        return Collected(index, parts, missing)
