"""What is kept of many samples of one kind: count, mean, spread, extremes, histogram.

Must not know units or names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pytsung.stats.histogram import Histogram, bucket_bounds, bucket_of, nearest_rank


class SampleSummary:
    """Count, mean, sum of squared deviations (`m2`), extremes and histogram of samples.

    Means and deviations merge by Chan's formula, which keeps its precision where
    sums of raw squares would cancel (Chan, Golub, LeVeque, 1979).
    """

    __slots__ = ("count", "histogram", "m2", "maximum", "mean", "minimum")

    def __init__(
        self,
        count: int = 0,
        mean: float = 0.0,
        m2: float = 0.0,
        minimum: float = math.inf,
        maximum: float = -math.inf,
        histogram: Histogram | None = None,
    ) -> None:
        self.count = count
        self.mean = mean
        self.m2 = m2
        self.minimum = minimum
        self.maximum = maximum
        self.histogram = histogram if histogram is not None else Histogram()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SampleSummary):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __repr__(self) -> str:
        extremes = f"minimum={self.minimum}, maximum={self.maximum}"
        return f"SampleSummary(count={self.count}, mean={self.mean}, {extremes})"

    @classmethod
    def of(cls, values: Sequence[float]) -> SampleSummary:
        """The summary of a batch of values."""
        count = len(values)
        if not count:
            return cls()
        mean = sum(values) / count
        histogram = Histogram()
        histogram.record(values)
        m2 = math.dist(values, [mean] * count) ** 2
        return cls(count, mean, m2, min(values), max(values), histogram)

    @property
    def variance(self) -> float:
        """Population variance; 0.0 when empty."""
        return self.m2 / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """Population standard deviation; 0.0 when empty."""
        return math.sqrt(self.variance)

    def percentile(self, percent: float) -> float:
        """A percentile, never outside the extremes that were really seen."""
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """Several percentiles; zeros when empty."""
        found = self.histogram.percentiles(percents)
        if not self.count:
            return found
        return [self._refine(*each) for each in zip(percents, found, strict=True)]

    def _refine(self, percent: float, found: float) -> float:
        """What the extremes add to a histogram's answer: the outermost values are known exactly,
        and a bucket that holds one of them does not reach beyond it.
        """
        rank = nearest_rank(percent, self.count)
        if rank == self.count:
            return self.maximum
        if rank == 1:
            return self.minimum
        low, high = bucket_bounds(bucket_of(found))
        middle = (max(low, self.minimum) + min(high, self.maximum)) / 2
        return min(max(middle, self.minimum), self.maximum)

    def merge(self, other: SampleSummary) -> None:
        """Become the summary of both sets of samples."""
        if not other.count:
            return
        total = self.count + other.count
        delta = other.mean - self.mean
        self.mean += delta * other.count / total
        self.m2 += other.m2 + delta * delta * self.count * other.count / total
        self.count = total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.histogram.merge(other.histogram)

    def copy(self) -> SampleSummary:
        """An independent summary of the same samples."""
        histogram = Histogram(self.histogram.buckets)
        return SampleSummary(self.count, self.mean, self.m2, self.minimum, self.maximum, histogram)
