"""Histograms of a run in HdrHistogram's log format (version 1.3), for the tools that read it.

A line for each window and statistic, tagged with its name; values are nanoseconds,
as those tools expect. Our buckets are 0.4 % wide at most, HdrHistogram's 0.1 % (3
digits). Must not know what the tools do with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hdrh.histogram import HdrHistogram

from pytsung.logdir.journal import INTERVALS, read_intervals
from pytsung.report.record import RunRecord
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.histogram import bucket_bounds

_NANOSECONDS = 1e9
_LONGEST = 24 * 3600 * 10**9
_DIGITS = 3


def write_hdr_log(record: RunRecord, path: Path, *, seconds: int = 10) -> None:
    """Write the log of one of our runs, a stretch of `seconds` at a time."""
    with path.open("w", encoding="ascii", errors="replace") as file:
        began = record.started_at.timestamp()
        file.write("#[Histogram log format version 1.3]\n")
        file.write(f"#[StartTime: {began:.3f} (seconds since epoch)]\n")
        file.write(
            '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
        )
        for stretch in _stretches(record.directory / INTERVALS, seconds):
            for name, samples in sorted(stretch.samples.items()):
                _write(file, name, stretch.index, seconds, samples)


def _stretches(path: Path, seconds: int) -> Iterator[Interval]:
    stretch: Interval | None = None
    for entry in read_intervals(path):
        start = entry.merged.index - entry.merged.index % seconds
        if stretch is not None and stretch.index != start:
            yield stretch
            stretch = None
        if stretch is None:
            stretch = Interval(start)
        stretch.merge(entry.merged)
    if stretch is not None:
        yield stretch


def _write(file: TextIO, name: str, start: int, seconds: int, samples: SampleSummary) -> None:
    tag = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in name)
    encoded = to_hdr(samples).encode().decode("ascii")
    highest = samples.maximum * 1000  # milliseconds, as the default unit ratio of readers gives
    file.write(f"Tag={tag},{start:.3f},{seconds:.3f},{highest:.3f},{encoded}\n")


def to_hdr(samples: SampleSummary) -> HdrHistogram:
    """The same counts as an HdrHistogram of nanoseconds."""
    histogram = HdrHistogram(1, _LONGEST, _DIGITS)
    for bucket, count in samples.histogram.buckets.items():
        low, high = bucket_bounds(bucket)
        middle = (max(low, samples.minimum) + min(high, samples.maximum)) / 2
        value = min(max(round(middle * _NANOSECONDS), 1), _LONGEST)
        histogram.record_value(value, count)
    return histogram
