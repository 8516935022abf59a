"""How an event spread over its receivers: the first, the median and the last one.

An event is one push to very many users. Its ages at delivery come from all workers,
second by second; when nobody has reported it for a while it counts as delivered, and
only three figures of it are kept, so memory does not grow with the run. Must not know
where ages come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from pytsung.stats.summary import SampleSummary

SETTLED = 10
"""Intervals without a delivery after which an event counts as delivered. One that is delivered
later still counts as one more event: a target that needs so long has other troubles."""

MOST_OPEN = 1000
"""Events that are looked after at once; of more, the oldest is settled first."""

SLOWEST = 10
"""Events that are kept by name: those whose last delivery was the latest."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One event: how many got it, and how old it was at the first, the median and the last one."""

    event: str
    deliveries: int
    first: float
    median: float
    last: float


@dataclass(slots=True)
class _Open:
    ages: SampleSummary
    touched: int


class FanOut:
    """The spread of every event of a run; give it one interval after the other.

    `first`, `median` and `last` are samples of the settled events: seconds from
    sending to that delivery, one value an event.
    """

    __slots__ = ("_open", "deliveries", "events", "first", "last", "median", "slowest")

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self.events = 0
        self.deliveries = 0
        self.first = SampleSummary()
        self.median = SampleSummary()
        self.last = SampleSummary()
        self.slowest: list[Spread] = []

    def add(self, deliveries: Mapping[str, SampleSummary], index: int) -> None:
        """Take in the ages of deliveries in interval `index`, by event; they are left as they were.

        Settles what has not been delivered for long.
        """
        for event, ages in deliveries.items():
            known = self._open.get(event)
            if known is None:
                self._open[event] = _Open(ages.copy(), index)
            else:
                known.ages.merge(ages)
                known.touched = max(known.touched, index)
        self._settle([e for e, one in self._open.items() if one.touched <= index - SETTLED])
        self._settle(list(self._open)[: max(0, len(self._open) - MOST_OPEN)])

    def settle(self) -> None:
        """The run is over: whatever is open counts as delivered."""
        self._settle(list(self._open))

    def _settle(self, events: Sequence[str]) -> None:
        spreads = [_spread(event, self._open.pop(event).ages) for event in events]
        if not spreads:
            return
        self.events += len(spreads)
        self.deliveries += sum(spread.deliveries for spread in spreads)
        self.first.merge(SampleSummary.of([spread.first for spread in spreads]))
        self.median.merge(SampleSummary.of([spread.median for spread in spreads]))
        self.last.merge(SampleSummary.of([spread.last for spread in spreads]))
        slowest = sorted([*self.slowest, *spreads], key=attrgetter("last"), reverse=True)
        self.slowest = slowest[:SLOWEST]


def _spread(event: str, ages: SampleSummary) -> Spread:
    figures = (ages.minimum, ages.percentile(50), ages.maximum)
    return Spread(event, ages.count, *(round(age, 9) for age in figures))
