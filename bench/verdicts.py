"""Figures held against goals, as rows of a table. Must not know what the figures are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.trend import Tolerance, trend

HEADING = "| what | seen | goal | met |\n| --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True)
class Row:
    """What, the figure, and the goal if there is one; `is_met` says nothing without one."""

    what: str
    seen: str
    goal: str = ""
    is_met: bool = True

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal that the figure misses."""
        return bool(self.goal) and not self.is_met

    def __str__(self) -> str:
        """As a table has it."""
        met = ("**no**" if self.is_missed else "yes") if self.goal else ""
        return f"| {self.what} | {self.seen} | {self.goal} | {met} |"


def flat(what: str, values: Sequence[float], tolerance: Tolerance, unit: str, scale: float) -> Row:
    """A row that says whether values stay what they are; too few of them show nothing."""
    if len(values) < 3:
        return Row(what, f"{len(values)} windows: too few to judge")
    line = trend(values)
    middle = f"{line.middle * scale:,.2f} {unit}".rstrip()
    seen = f"{middle}, drifts {line.drift * scale:+,.2f} ({line.part:+.1%})"
    goal = f"± {tolerance.part:.0%} or {tolerance.least * scale:,.4g} {unit}".rstrip()
    return Row(what, seen, goal, tolerance.allows(line.drift, line.middle))
