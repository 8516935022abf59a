"""`tsung-fullstats.log`: every sample as an Erlang term, for the tools that calculate with it.

A run sums its samples up in histograms before they leave a worker, so a value here is
the middle of its bucket: at most 0.4 % off, and as often as it was measured. Tsung
writes twice a second; this, once. Must not know agents, nor who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytsung.logdir.entries import EntryFile
from pytsung.logdir.erlang import format_float, format_name
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.histogram import bucket_bounds
from pytsung.stats.readings import Reading
from pytsung.stats.recorder import PUSH_LATENCY

FULLSTATS = "tsung-fullstats.log"

_FAMILIES = ("connect", "request", "page")
_LEFT_OUT = (*_FAMILIES, "session", PUSH_LATENCY)  # the first three have terms of their own
_MILLISECONDS = 1000.0
_DECIMALS = 4  # of a millisecond; buckets are wider


class FullstatsLog:
    """Appends the terms of each second. Raises LogDirectoryError when it cannot."""

    def __init__(self, directory: Path) -> None:
        self._file = EntryFile(directory / FULLSTATS)

    def interval(self, interval: Interval) -> None:
        """Write what a second brought."""
        terms = list(_terms(interval))
        if terms:
            self._file.write("".join(f"{term}\n" for term in terms))

    def hosts(self, readings: Sequence[Reading]) -> None:
        """Write what hosts reported; of counters what they stood at, as Tsung does."""
        self._file.write(_list(map(_reading, readings)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _terms(interval: Interval) -> Iterator[str]:
    """Tsung has no record of sessions here, nor of users."""
    for name in _FAMILIES:
        if name in interval.samples:
            yield f"{{sample,{name},[{','.join(_values(interval.samples[name]))}]}}"
    others = [
        f"{{sample,{format_name(name)},{value}}}"
        for name, samples in sorted(interval.samples.items())
        if name not in _LEFT_OUT
        for value in _values(samples)
    ]
    if others:
        yield f"[{','.join(others)}]"
    counters = dict(sorted(interval.counters.items()))
    connected = interval.connections_opened - interval.connections_closed
    if connected:
        counters["connected"] = connected
    if counters:
        sums = ",".join(f"{{sum,{format_name(name)},{n}}}" for name, n in counters.items())
        yield f"[{sums}]"


def _values(samples: SampleSummary) -> Iterator[str]:
    for bucket, count in sorted(samples.histogram.buckets.items()):
        low, high = bucket_bounds(bucket)
        middle = (max(low, samples.minimum) + min(high, samples.maximum)) / 2
        text = format_float(round(middle * _MILLISECONDS, _DECIMALS))
        for _ in range(count):
            yield text


def _reading(reading: Reading) -> str:
    value = reading.value if reading.raw is None else reading.raw
    return f"{{{reading.kind.value},{reading.name},{format_float(value)}}}"


def _list(terms: Iterator[str]) -> str:
    return f"[{','.join(terms)}]\n"
