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

    __slots__ = ("_limits",)

    def __init__(self, weights: Sequence[float]) -> None:
        self._limits = list(accumulate(weights))
        if len(weights) > 1 and self._limits[-1] <= 0:
            raise ValueError("every weight is zero: nothing can be drawn")

    def draw(self, random: Random) -> int:
        """An index, drawn."""
        if len(self._limits) == 1:
            return 0
        last = self._limits[-1]
        # random() < 1, but the product may round up to `last` itself.
        return bisect_right(self._limits, min(random.random() * last, last * (1 - 1e-16)))
