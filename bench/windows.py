"""A run in windows: whether users came as the plan said, and were served alike all the time.

Takes the seconds that a run left behind. Must not know how it was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from pytsung.stats import Interval
from pytsung.stats.summary import SampleSummary


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Users who came in each of some windows of the same length, and how many were to come."""

    counts: tuple[int, ...]
    planned: float

    @property
    def worst_part(self) -> float:
        """The largest distance from the plan, as a part of it."""
        return max((abs(count / self.planned - 1) for count in self.counts), default=0.0)

    @property
    def worst_sigma(self) -> float:
        """The same in standard deviations: a Poisson count has the root of its mean."""
        return self.worst_part * sqrt(self.planned)


def arrivals(seconds: Sequence[Interval], rate: float, until: float, width: int) -> Arrivals:
    """Arrivals in windows of `width` seconds, those that lie wholly before `until`."""
    windows = int(until) // width
    counts = [0] * windows
    for second in seconds:
        if second.index < windows * width:
            counts[second.index // width] += second.users_started
    return Arrivals(tuple(counts), rate * width)


def merged(seconds: Sequence[Interval], name: str) -> SampleSummary:
    """All of a statistic's samples in these seconds."""
    whole = SampleSummary()
    for second in seconds:
        if name in second.samples:
            whole.merge(second.samples[name])
    return whole


def split(
    seconds: Sequence[Interval], begin: float, end: float, width: int
) -> list[list[Interval]]:
    """The seconds of each whole window of `width` between two times."""
    windows = max(0, int(end - begin) // width)
    parts: list[list[Interval]] = [[] for _ in range(windows)]
    for second in seconds:
        number = int((second.index - begin) // width)
        if 0 <= number < windows:
            parts[number].append(second)
    return parts


def worker_cpu(seconds: Sequence[Interval]) -> float:
    """Cores that all workers together used, on average."""
    shares = [second.generator["worker_cpu"] for second in seconds if second.generator]
    used = fsum(share.mean * share.count for share in shares)
    return used / len(shares) if shares else 0.0


def reached(seconds: Sequence[Interval], connections: int) -> float | None:
    """Seconds after the start at whose end so many connections were open; None: at no time."""
    found = (second.index + 1.0 for second in seconds if second.connections_open >= connections)
    return next(found, None)
