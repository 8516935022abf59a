"""A run in InfluxDB's line protocol, second by second.

Appended to a file here; Telegraf's `tail` input, or `influx write`, takes it from there.
Times are seconds, timestamps nanoseconds. Must not know who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pytsung.logdir.entries import EntryFile
from pytsung.stats import Interval, SampleSummary

_PERCENTS = (50.0, 90.0, 95.0, 99.0)
_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ "})


class Lines(Protocol):
    """Takes the lines of each second, to wherever they go."""

    def interval(self, interval: Interval, at: float) -> None:
        """A second of the run, which ended at `at` (Unix time)."""
        ...

    def close(self) -> None:
        """There will be no more."""
        ...


class LineProtocolFile:
    """Appends the lines of each second. Raises LogDirectoryError when it cannot."""

    def __init__(self, path: Path, run: str) -> None:
        self._file = EntryFile(path)
        self._run = run

    def interval(self, interval: Interval, at: float) -> None:
        """Write a second of the run, which ended at `at` (Unix time)."""
        self._file.write(line_protocol(interval, self._run, at))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def line_protocol(interval: Interval, run: str, at: float) -> str:
    """The lines of a second of `run`, which ended at `at` (Unix time)."""
    stamp = round(at * 1_000_000_000)
    lines = _lines(interval, run.translate(_ESCAPES))
    return "".join(f"{line} {stamp}\n" for line in lines)


def _lines(interval: Interval, run: str) -> Iterator[str]:
    levels = f"open={interval.users_open}i,connected={interval.connections_open}i"
    flow = f"started={interval.users_started}i,finished={interval.users_finished}i"
    yield f"pytsung_users,run={run} {levels},{flow},lost={interval.users_lost}i"
    for name, count in sorted(interval.counters.items()):
        yield f"pytsung_counter,run={run},name={name.translate(_ESCAPES)} value={count}i"
    for name, samples in sorted(interval.samples.items()):
        if samples.count:
            tags = f"run={run},name={name.translate(_ESCAPES)}"
            yield f"pytsung_sample,{tags} {_figures(samples)}"


def _figures(samples: SampleSummary) -> str:
    percentiles = samples.percentiles(_PERCENTS)
    pairs = [("mean", samples.mean), ("min", samples.minimum), ("max", samples.maximum)]
    pairs += [(f"p{p:g}", value) for p, value in zip(_PERCENTS, percentiles, strict=True)]
    return ",".join([f"count={samples.count}i", *(f"{name}={v:.9g}" for name, v in pairs)])
