"""Which session, or which target, a new user gets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random


class WeightedChoice:
    """Draws an index in proportion to its weight.

    A single entry is always drawn, whatever its weight; otherwise weight 0 is
    never drawn (Tsung manual, "Sessions"). All zero among several raises ValueError.
    """

    __slots__ = ("_last", "_limits")

    def __init__(self, weights: Sequence[float]) -> None:
        self._limits = list(accumulate(weights))
        if len(weights) > 1 and self._limits[-1] <= 0:
            raise ValueError("every weight is zero: nothing can be drawn")
        self._last = max((n for n, weight in enumerate(weights) if weight > 0), default=0)

    def draw(self, random: Random) -> int:
        """An index, drawn."""
        if len(self._limits) == 1:
            return 0
        # random() < 1, but the product may round up to the limit itself.
        place = bisect_right(self._limits, random.random() * self._limits[-1])
        return min(place, self._last)
