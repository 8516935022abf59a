"""What a run has been like, in a bounded number of points, to be drawn.

A point is a second at first. When there are too many, two become one, and so on: a
day fits into the same memory as a minute. Must not know who draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_POINTS = 900
"""Points kept: a quarter of an hour in seconds, about as many as a wide chart has pixels."""


@dataclass(slots=True)
class Point:
    """What happened in the `seconds` that ended `at` seconds after the test's start.

    Levels are those at the end, counts those of all the time. `planned` are arrivals
    that the plan wanted; `expected` the users who would be there, had all of them
    come. Percentiles are seconds, None where nothing was measured, and the worst second
    speaks for several.
    """

    at: float
    seconds: float = 1.0
    users: int = 0
    connected: int = 0
    expected: float = 0.0
    started: float = 0.0
    planned: float = 0.0
    requests: float = 0.0
    errors: float = 0.0
    received: float = 0.0
    sent: float = 0.0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    def join(self, later: Point) -> None:
        """Become one point with the one that follows."""
        self.at, self.seconds = later.at, self.seconds + later.seconds
        self.users, self.connected = later.users, later.connected
        self.expected = later.expected
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for name in _PERCENTILES:
            known = [v for v in (getattr(self, name), getattr(later, name)) if v is not None]
            setattr(self, name, max(known, default=None))

    def row(self) -> list[float | None]:
        """The figures in the order of COLUMNS; counts as rates per second, traffic in bits."""
        rates = [getattr(self, name) / self.seconds for name in _COUNTS]
        rates[-2:] = [8 * rate for rate in rates[-2:]]
        times = [getattr(self, name) for name in _PERCENTILES]
        levels = [self.at, self.seconds, self.users, self.connected, round(self.expected, 1)]
        return [*levels, *(round(rate, 3) for rate in rates), *times]


_COUNTS = ("started", "planned", "requests", "errors", "received", "sent")
_PERCENTILES = ("p50", "p95", "p99")
COLUMNS = ("at", "seconds", "users", "connected", "expected", *_COUNTS, *_PERCENTILES)


class History:
    """The points of a run. `version` changes when older points were joined."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self.version = 0
        self.points: list[Point] = []
        self._most = most
        self._width = 1.0  # seconds of a full point

    def add(self, point: Point) -> None:
        """Take in the next second."""
        last = self.points[-1] if self.points else None
        if last is not None and last.seconds + point.seconds <= self._width:
            last.join(point)
        else:
            self.points.append(point)
        if len(self.points) > self._most:
            self._halve()

    def rows(self, after: float = -1.0) -> Sequence[list[float | None]]:
        """The points that end later than `after` seconds, as rows."""
        begin = len(self.points)
        while begin and self.points[begin - 1].at > after:
            begin -= 1
        return [point.row() for point in self.points[begin:]]

    def _halve(self) -> None:
        self._width *= 2
        self.version += 1
        joined: list[Point] = []
        for number, point in enumerate(self.points):
            if number % 2:
                joined[-1].join(point)
            else:
                joined.append(point)
        self.points = joined
