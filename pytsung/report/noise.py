"""Whether two rows of figures differ, or only look so: intervals as samples, noise in mind.

Figures of neighbouring seconds are alike (a queue, a pause of a collector), so
seconds are no independent samples: they are put together into a few batches, whose
means are nearly independent (the method of batch means: Law, *Simulation Modeling
and Analysis*, ch. 9). Batches of the same seconds of both runs are compared pairwise:
what both plans do at that time, a ramp, say, drops out. The median second speaks for
its batch: one second in which the machine stood still is no slower target. Must not
know what the figures are of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, stdev

BATCHES = 20
"""Batches of a run: more would be too short to be independent, fewer too few to see noise.

In a short run a second is a batch. Where neighbours are alike by 0.6 equal runs are told
apart in 1.5 of 100 then, not 1. Batches of two seconds are spoilt by one bad second:
they lost every second difference of 10 % where one second in 15 was bad.
"""

TRIM = 0.25
"""Part of the batches at either end that does not count: an accident of either run spoils one."""

FEWEST = 6
"""Batches from which a difference is looked for at all."""

FLOOR = 0.05
"""Part below which a difference is never reported: two equal runs on one machine differ by
so much (other processes, another layout of memory), however many seconds they have."""

TAIL_FLOOR = 0.10
"""The same for a tail (p95, p99). It is made of moments in which the machine did something
else: of 100 pairs of equal runs under loads that drifted, 3 to 16 had a tail that differed by more
than FLOOR, and none to 10 one that differed by more than this (simulated, with the noise of
tests/report/test_noise.py and with bursts far worse)."""

ERROR_RATE = 0.05
"""How often, of all comparisons of equal runs, one finds some difference by chance. The
floors leave less of it: figures of one run are alike, and each look is taken for a new one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more the second row is than the first: `ratio`, surely between `low` and `high`.

    `is_seen`: beyond chance and the floor. `is_known` is false when there were too few
    figures to tell; then nothing else means anything.
    """

    ratio: float = 1.0
    low: float = 0.0
    high: float = math.inf
    is_seen: bool = False
    is_known: bool = False


def compare(
    first: Sequence[float | None],
    second: Sequence[float | None],
    *,
    looks: int = 1,
    floor: float = FLOOR,
) -> Difference:
    """Compare two rows of figures, taken at the same times since the start of each run.

    Changes are taken as ratios, so that a second of high load counts like one of
    low load; as differences where something is zero.

    Args:
        first: a figure for each second (or other step) of the first run; None
            where nothing was measured.
        second: the same of the second run; what one has longer is left out.
        looks: how many comparisons are made in all; the more there are, the
            surer each has to be.
        floor: the part below which a difference is not reported.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=False) if a is not None and b is not None]
    busy = [pair for pair in pairs if any(pair)]  # after the last arrival, both rates are 0
    batches = _batches(busy if len(busy) >= FEWEST else pairs)
    if len(batches) < FEWEST:
        return Difference()
    probability = 1 - ERROR_RATE / looks / 2
    if all(a > 0 and b > 0 for a, b in batches):
        change, margin = _trimmed([math.log(b / a) for a, b in batches], probability)
        ratio, low, high = (math.exp(change + side) for side in (0.0, -margin, margin))
    else:
        base = fmean(a for a, _ in batches)
        change, margin = _trimmed([b - a for a, b in batches], probability)
        if not base:
            is_new = change > margin
            return Difference(math.inf if is_new else 1.0, is_seen=is_new, is_known=True)
        ratio, low, high = (max(1 + (change + side) / base, 0.0) for side in (0.0, -margin, margin))
    is_seen = (low > 1 or high < 1) and abs(ratio - 1) > floor
    return Difference(ratio, low, high, is_seen, is_known=True)


def _batches(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The median of each stretch of equal length; what does not fill one goes into the last."""
    count = min(BATCHES, max(FEWEST, len(pairs)))
    size = len(pairs) // count
    if not size:
        return []
    found = []
    for n in range(count):
        stretch = pairs[n * size : (n + 1) * size if n < count - 1 else None]
        found.append((median(a for a, _ in stretch), median(b for _, b in stretch)))
    return found


def _trimmed(changes: Sequence[float], probability: float) -> tuple[float, float]:
    """The mean change without its outermost quarters, and how far off it may be (Yuen, 1974).

    A batch in which one run met a backup or a collector pause does not decide.
    """
    count = len(changes)
    cut = int(count * TRIM)
    ranked = sorted(changes)
    kept = ranked[cut : count - cut]
    pulled_in = [kept[0]] * cut + kept + [kept[-1]] * cut
    spread = stdev(pulled_in) / ((1 - 2 * cut / count) * math.sqrt(count))
    return fmean(kept), student(probability, len(kept) - 1) * spread


def student(probability: float, freedom: int) -> float:
    """The quantile of Student's t distribution, by the Cornish-Fisher expansion.

    Abramowitz and Stegun, 26.7.5; within 0.5 % from 5 degrees of freedom on.
    """
    x: float = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / float(freedom) ** (n + 1) for n, term in enumerate(terms))
