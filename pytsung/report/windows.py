"""A run as a few hundred windows of time: what charts and tables draw, whoever measured it.

Seconds throughout. Must not know files, nor how a figure is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytsung.logdir.blocks import Block, Blocks, CounterLine, SampleLine
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.interval import merge_samples

PERCENTS = (50.0, 75.0, 90.0, 95.0, 99.0)
"""The percentiles that are drawn over time."""

MOST_WINDOWS = 400
"""Windows of a run at most: more than a screen has room for shows nothing more."""

_WIDTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MILLISECONDS = 0.001
_COARSE = 4  # bits of a histogram's bucket that a heat map does without: 8 rows an octave


@dataclass(frozen=True, slots=True)
class Figures:
    """What the samples of one kind come to in a window.

    `percentiles` are those of PERCENTS, empty where only mean and extremes are known.
    `buckets` count by coarse bucket (`bucket_bounds(bucket << 4)`), where kept.
    """

    count: int
    mean: float
    deviation: float
    minimum: float
    maximum: float
    percentiles: tuple[float, ...] = ()
    buckets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, samples: SampleSummary, *, heat: bool = False) -> Figures:
        """The figures of some samples; with `heat` also their coarse histogram."""
        buckets: dict[int, int] = {}
        if heat:
            for bucket, count in samples.histogram.buckets.items():
                buckets[bucket >> _COARSE] = buckets.get(bucket >> _COARSE, 0) + count
        extremes = (samples.minimum, samples.maximum)
        percentiles = tuple(samples.percentiles(PERCENTS))
        return cls(samples.count, samples.mean, samples.deviation, *extremes, percentiles, buckets)


@dataclass(slots=True)
class Window:
    """What happened from `start` to `end`, seconds since the test's start.

    `users` and `connected` are levels at its end; `started`, `finished` and
    `counters` are amounts within it.
    """

    start: float
    end: float
    users: float = 0
    connected: float = 0
    started: float = 0
    finished: float = 0
    counters: dict[str, float] = field(default_factory=dict)
    samples: dict[str, Figures] = field(default_factory=dict)
    generator: dict[str, Figures] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it lasted; never 0."""
        return max(self.end - self.start, 1e-9)


def width_for(seconds: int) -> int:
    """The narrowest round width of windows that keeps a run within MOST_WINDOWS."""
    return next((width for width in _WIDTHS if seconds <= width * MOST_WINDOWS), _WIDTHS[-1])


class WindowMaker:
    """Sums one-second intervals up to windows of `width` seconds, as they come.

    Only the figures of a finished window are kept, so memory does not grow with
    the number of intervals; `samples` and `generator` are those of all finished
    windows together.
    Intervals come in the order of their index; seconds of which none came are
    windows without users.
    """

    def __init__(self, width: int = 1, *, heat: Sequence[str] = ()) -> None:
        self.windows: list[Window] = []
        self.samples: dict[str, SampleSummary] = {}
        self.generator: dict[str, SampleSummary] = {}
        self._width = width
        self._heat = frozenset(heat)
        self._open: Interval | None = None
        self._ended = 0

    def add(self, interval: Interval) -> None:
        """Take in the next interval of the run."""
        start = interval.index - interval.index % self._width
        if self._open is None:
            self._open = Interval(start)
        while self._open.index + self._width <= interval.index:
            self._close(self._open.index + self._width)
            self._open = Interval(self._open.index + self._width)
        self._open.merge(interval)
        self._open.users_open = interval.users_open
        self._open.connections_open = interval.connections_open
        self._ended = interval.index + 1

    def finish(self) -> list[Window]:
        """All windows; the last one ends with the run's last interval."""
        if self._open is not None:
            self._close(self._ended)
            self._open = None
        return self.windows

    def _close(self, end: float) -> None:
        interval = self._open
        assert interval is not None
        merge_samples(self.samples, interval.samples)
        merge_samples(self.generator, interval.generator)
        self.windows.append(
            Window(
                start=float(interval.index),
                end=float(end),
                users=interval.users_open,
                connected=interval.connections_open,
                started=interval.users_started,
                finished=interval.users_finished,
                counters=dict(interval.counters),
                samples=self._figures(interval.samples),
                generator=self._figures(interval.generator),
            )
        )

    def _figures(self, samples: Mapping[str, SampleSummary]) -> dict[str, Figures]:
        return {
            name: Figures.of(summary, heat=name in self._heat)
            for name, summary in samples.items()
            if summary.count
        }


def windows_of_blocks(blocks: Blocks) -> list[Window]:
    """Tsung's blocks as windows: without percentiles, which Tsung never had."""
    return [_window(block, blocks.started) for block in blocks.blocks]


def _window(block: Block, started: float) -> Window:
    samples = {
        name: _figures(line)
        for name, line in block.lines.items()
        if isinstance(line, SampleLine) and line.count and not name.startswith("{")
    }
    known = ("users", "users_count", "finish_users_count", "connected")
    counters = {
        name: line.value
        for name, line in block.lines.items()
        if isinstance(line, CounterLine) and name not in known
    }
    return Window(
        start=block.at - block.seconds - started,
        end=block.at - started,
        users=block.counter("users").value,
        connected=block.counter("connected").total,
        started=block.counter("users_count").value,
        finished=block.counter("finish_users_count").value,
        counters=counters,
        samples=samples,
    )


def _figures(line: SampleLine) -> Figures:
    """A long line in seconds. Its extremes are those of the run so far: Tsung has no others."""
    ms = _MILLISECONDS
    extremes = (line.minimum * ms, line.maximum * ms)
    return Figures(line.count, line.mean * ms, line.deviation * ms, *extremes)


def coarse_bucket(bucket: int) -> int:
    """The first histogram bucket of a heat map's row."""
    return bucket << _COARSE
