"""Whether a figure stays what it is while a run goes on.

The line through a figure's values is the one of Theil and Sen: its slope is the median
of the slopes between all pairs, so that one bad minute does not make a trend. Plain
arithmetic; must not know what is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a line may rise or fall over a whole run: a part of the median, or `least`."""

    part: float
    least: float

    def allows(self, drift: float, middle: float) -> bool:
        """Whether it is flat, as this tolerance goes."""
        return abs(drift) <= max(self.part * abs(middle), self.least)


@dataclass(frozen=True, slots=True)
class Trend:
    """`drift` is by how much the line rises from the first value to the last."""

    middle: float
    drift: float

    @property
    def part(self) -> float:
        """The drift as a part of the median."""
        return self.drift / self.middle if self.middle else 0.0


def trend(values: Sequence[float]) -> Trend:
    """The trend of values at equal distances. Raises ValueError below three: no line to judge."""
    if len(values) < 3:
        raise ValueError(f"{len(values)} values show no trend; let it run longer")
    slopes = ((b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(values), 2))
    return Trend(median(values), median(slopes) * (len(values) - 1))
