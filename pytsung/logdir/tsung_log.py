"""`tsung.log`, as Tsung writes it: one block of statistics every ten seconds.

Milliseconds, Tsung's names and its ways of counting live here: minima and maxima
since the start, a "global mean" of the blocks before, `connected` as a change and
a level. Must not know agents, nor our own files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from pytsung.logdir.entries import EntryFile, EntryStream
from pytsung.logdir.erlang import format_float
from pytsung.logdir.tsung_format import FORMATS, Entry
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.recorder import PUSH_LATENCY

BLOCK = 10
"""Seconds between two blocks; a constant in Tsung too."""

_FIRST_SAMPLES = ("request", "connect", "page")
_MILLISECONDS = 1000.0
_DECIMALS = 6  # of a millisecond: a nanosecond, below which there is only noise of arithmetic


@dataclass(slots=True)
class _Sample:
    """A long line: the block so far (`now`), and all blocks before it."""

    scale: float = _MILLISECONDS
    now: SampleSummary = field(default_factory=SampleSummary)
    before: SampleSummary = field(default_factory=SampleSummary)

    def entry(self, name: str) -> Entry:
        """Count, mean, deviation, maximum, minimum; then mean and count of the blocks before."""
        now, before = self.now, self.before
        figures = (
            str(now.count),
            self._number(now.mean) if now.count else "0",
            self._deviation(name),
            self._number(max(now.maximum, before.maximum)),
            self._number(min(now.minimum, before.minimum)),
            self._number(before.mean) if before.count else "0",
            str(before.count),
        )
        return Entry(name, figures)

    def _deviation(self, name: str) -> str:
        """Tsung writes that of a single value as `0` where it is the statistic's first one."""
        if self.now.count > 1:
            return self._number(self.now.deviation)
        is_first = not self.before.count and name not in _FIRST_SAMPLES
        return "0" if is_first or not self.now.count else "0.0"

    def _number(self, value: float) -> str:
        return format_float(round(value * self.scale, _DECIMALS))

    def next_block(self) -> None:
        """What was now is before."""
        self.before.merge(self.now)
        self.now = SampleSummary()


@dataclass(slots=True)
class _Counter:
    """A short line: how much in the block, how much since the start."""

    now: int = 0
    total: int = 0

    def add(self, count: int) -> None:
        self.now += count
        self.total += count

    def entry(self, name: str) -> Entry:
        return Entry(name, (str(self.now), str(self.total)))


@dataclass(slots=True)
class _Sum:
    """A short line of a host's figure that is added up; it need not be whole."""

    now: float = 0.0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.now += value
        self.total += value

    def entry(self, name: str) -> Entry:
        return Entry(name, (self._number(self.now), self._number(self.total)))

    def _number(self, value: float) -> str:
        return str(int(value)) if value.is_integer() else format_float(value)


class TsungLog:
    """Sums one-second intervals up to blocks, and writes each as soon as it is complete.

    Intervals come in the order of their index; a late one counts in the block that
    is open when it comes. The file is appended to, as Tsung does. A statistic that
    was seen once is in every later block. `backend` is Tsung's word for the form.

    Raises LogDirectoryError from any method when the file cannot be written.
    """

    def __init__(self, statistics: Path | TextIO, backend: str = "text") -> None:
        self._out: EntryFile | EntryStream
        if isinstance(statistics, Path):
            self._out = EntryFile(statistics)
        else:
            self._out = EntryStream(statistics)
        self._format = FORMATS[backend]()
        self._has_begun = False
        self._samples: dict[str, _Sample] = {}
        self._host_samples: dict[str, _Sample] = {}
        self._host_sums: dict[str, _Sum] = {}
        self._counters = {name: _Counter() for name in ("users_count", "finish_users_count")}
        self._users = 0
        self._users_peak = 0
        self._newest = -1
        self._origin = 0.0
        self._blocks = 0
        self._last_timestamp = 0

    def add(self, interval: Interval, at: float) -> None:
        """Take in the run's interval that ended at `at` (Unix time)."""
        if self._newest < 0:
            self._origin = at - (interval.index + 1)
        while interval.index >= (self._blocks + 1) * BLOCK:
            self._write_regular_block()  # nothing came for its last second
        self._count(interval)
        if interval.index + 1 >= (self._blocks + 1) * BLOCK:
            self._write_regular_block()

    def host(self, name: str, value: float) -> None:
        """Take in a reading of a host, under its name `{cpu,"os_mon@web1"}`; no time."""
        self._host_samples.setdefault(name, _Sample(scale=1.0)).now.merge(SampleSummary.of([value]))

    def host_sum(self, name: str, value: float) -> None:
        """Take in a reading of a host that is added up."""
        self._host_sums.setdefault(name, _Sum()).add(value)

    def finish(self, at: float) -> None:
        """Write what is left as a last block, and the trailer; `at` is the end of the run.

        The last block is never of the same second as the one before: `tsung_stats.pl`
        takes such a block for empty, and loses it.
        """
        if not self._has_begun:
            self._origin = at
        self._write_block(int(at))
        self._out.write(self._format.end(at))

    def close(self) -> None:
        """Close the file as it is: without the trailer it reads as a run that was killed."""
        self._out.close()

    def _count(self, interval: Interval) -> None:
        if interval.index > self._newest:
            self._newest = interval.index
            self._users = interval.users_open
        self._users_peak = max(self._users_peak, interval.users_open)
        counters = self._counters
        counters["users_count"].add(interval.users_started)
        counters["finish_users_count"].add(interval.users_finished)
        opened, closed = interval.connections_opened, interval.connections_closed
        if opened or closed:
            counters.setdefault("connected", _Counter()).add(opened - closed)
        for name, count in interval.counters.items():
            counters.setdefault(name, _Counter()).add(count)
        for name, summary in interval.samples.items():
            if name == PUSH_LATENCY:
                continue  # Tsung's files hold no statistic that Tsung does not have
            self._samples.setdefault(name, _Sample()).now.merge(summary)

    def _write_regular_block(self) -> None:
        self._blocks += 1
        self._write_block(int(self._origin) + self._blocks * BLOCK)

    def _write_block(self, timestamp: int) -> None:
        self._last_timestamp = max(timestamp, self._last_timestamp + 1)
        text = self._format.block(self._last_timestamp, list(self._entries()))
        if not self._has_begun:
            self._has_begun = True
            text = self._format.begin(int(self._origin)) + text
        self._out.write(text)
        for sample in (*self._samples.values(), *self._host_samples.values()):
            sample.next_block()
        for counter in self._counters.values():
            counter.now = 0
        for added in self._host_sums.values():
            added.now = 0.0

    def _entries(self) -> Iterator[Entry]:
        """A block in Tsung's order; within its unordered groups, by name."""
        yield Entry("users", (str(self._users), str(self._users_peak)))
        for name, sample in sorted(self._host_samples.items()):
            yield sample.entry(name)
        for name, added in sorted(self._host_sums.items()):
            yield added.entry(name)
        counters, samples = dict(self._counters), dict(self._samples)
        if "session" in samples:
            yield samples.pop("session").entry("session")
        for name in ("users_count", "finish_users_count"):
            yield counters.pop(name).entry(name)
        for name in _FIRST_SAMPLES:
            if name in samples:
                yield samples.pop(name).entry(name)
        for name, sample in sorted(samples.items()):
            yield sample.entry(name)
        for name, counter in sorted(counters.items()):
            yield counter.entry(name)
