"""What one costs, among few and among very many: where cost stops being in proportion.

A cost grows linearly as long as each one's part of it stays the same. With few, fixed
costs show in each one's part; that is told apart from a part that grows with their number.
Must not know what is counted, nor how a curve is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile

BEND = 1.25
"""Each one's part of the cost, over the smallest seen, from which growth is not called linear:
a choice, and more than rounds of one measurement mostly differ by."""

_FACTORS = (1, 3)
"""Sizes in each power of ten: about equally far apart on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Point:
    """So many, and what each of them costs."""

    size: int
    each: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost at growing sizes. `spell` writes down what one costs."""

    name: str
    spell: Callable[[float], str]
    points: tuple[Point, ...]

    def smallest(self) -> Point:
        """Where one costs least."""
        return min(self.points, key=lambda point: point.each)

    def times_smallest(self, point: Point) -> float:
        """By which factor one costs more there than where it costs least."""
        return point.each / self.smallest().each

    def bend(self) -> Point | None:
        """The size beyond the cheapest from which on, and to the end, each costs distinctly more.

        A single one that does, among others that do not, is a bad moment of the machine.
        """
        cheapest = self.smallest().size
        beyond = (point for point in reversed(self.points) if point.size > cheapest)
        dear = list(takewhile(lambda point: self.times_smallest(point) > BEND, beyond))
        return dear[-1] if dear else None

    def foot(self) -> Point | None:
        """The last size below the cheapest at which each costs distinctly more."""
        cheapest = self.smallest().size
        below = (point for point in reversed(self.points) if point.size < cheapest)
        return next((point for point in below if self.times_smallest(point) > BEND), None)

    def sentence(self, things: str) -> str:
        """Where it is linear, and where no more, in words. `things` are what there are more of."""
        least, bend, foot = self.smallest(), self.bend(), self.foot()
        parts = [f"**{self.name}** is least at {least.size:,} {things}, {self.spell(least.each)}"]
        if least is self.points[-1]:
            parts.append("the most tried: nowhere does it grow faster than in proportion")
        elif bend is None:
            parts.append(f"and in proportion up to {self.points[-1].size:,}, the most tried")
        else:
            times = f"{self.spell(bend.each)}, {self.times_smallest(bend):.2f} times that"
            parts.append(f"and stops being in proportion at {bend.size:,}, with {times}")
        if foot is not None:
            parts.append(f"up to {foot.size:,} fixed costs show in it")
        return f"{', '.join(parts[:2])}{''.join('; ' + part for part in parts[2:])}."


def sizes(first: int, top: int, factors: tuple[int, ...] = _FACTORS) -> Iterator[int]:
    """From `first`, a power of ten, to `top`, which is the last one: 1, 3, 10, 30, …"""
    power = first
    while True:
        for factor in factors:
            if power * factor >= top:
                yield top
                return
            yield power * factor
        power *= 10
