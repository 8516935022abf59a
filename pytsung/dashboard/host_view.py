"""A host that is monitored, as anybody may look at it: its last figures, and its processor
since the start.

Must not know who read it, nor how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_POINTS = 120
"""Points kept of a host: twenty minutes of readings. A longer run has means of 2, 4, 8 … ."""

MOST_NAMED = 3
"""Hosts that have room in a line, the busiest first."""

Point = tuple[float, float]


@dataclass(slots=True)
class Track:
    """A figure over time, in a bounded number of points."""

    points: list[Point] = field(default_factory=list)
    _width: int = 1  # readings in a full point
    _in_last: int = 0

    def add(self, at: float, value: float) -> None:
        """Take in a reading; a point that is not full yet becomes the mean of its readings."""
        if self.points and self._in_last < self._width:
            mean = self.points[-1][1]
            self._in_last += 1
            self.points[-1] = (at, mean + (value - mean) / self._in_last)
            return
        self.points.append((at, value))
        self._in_last = 1
        if len(self.points) > MOST_POINTS:
            self._halve()

    def _halve(self) -> None:
        """Two points become one; the newest, which is not full, stays as it is."""
        *full, newest = self.points
        pairs = zip(full[::2], full[1::2], strict=True)
        self.points = [(later[0], (first[1] + later[1]) / 2) for first, later in pairs]
        self.points.append(newest)
        self._width *= 2


@dataclass(slots=True)
class HostView:
    """One host. `figures` are by Tsung's names (`cpu`, `freemem`), `heard` is seconds of the test.

    `is_target`: the plan has it monitored; others are hosts of the load generator.
    """

    is_target: bool = False
    figures: dict[str, float] = field(default_factory=dict)
    heard: float = 0.0
    cpu: Track = field(default_factory=Track)

    def take(self, at: float, figures: Mapping[str, float]) -> None:
        """Take in what it was read to be."""
        self.heard = at
        self.figures.update(figures)
        if "cpu" in figures:
            self.cpu.add(at, figures["cpu"])


def hosts_in_words(hosts: Mapping[str, HostView]) -> str:
    """The busiest of the target's hosts in a line; empty where none is known."""
    targets = [(name, host) for name, host in hosts.items() if host.is_target]
    busiest = sorted(targets, key=lambda item: -item[1].figures.get("cpu", 0.0))
    words = [f"{name} {_in_words(host.figures)}" for name, host in busiest[:MOST_NAMED]]
    if len(busiest) > MOST_NAMED:
        words.append(f"and {len(busiest) - MOST_NAMED} more")
    return " · ".join(words)


def _in_words(figures: Mapping[str, float]) -> str:
    words = []
    if "cpu" in figures:
        words.append(f"{figures['cpu']:.0f} % CPU")
    if "freemem" in figures:
        words.append(f"{figures['freemem'] / 1000:.1f} GB free")
    if "load" in figures:
        words.append(f"load {figures['load']:.1f}")
    return ", ".join(words) or "read"
