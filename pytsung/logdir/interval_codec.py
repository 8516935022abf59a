"""An interval as plain lists and dicts for `intervals.jsonl`, and back.

The form only grows: fields may be added, none changes its meaning. A sample is
`[count, mean, m2, minimum, maximum, [bucket, count, gap, count, …]]`: buckets
ascending, each after the first as its distance to the one before, which halves
the file. Must not know files, agents or the messages between processes.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import accumulate, chain
from operator import sub
from typing import Any

from pytsung.stats import Histogram, Interval, SampleSummary

_SAMPLES = ("samples", "generator")
_FIELDS = tuple(field.name for field in fields(Interval) if field.name not in _SAMPLES)


def interval_to_plain(interval: Interval) -> dict[str, Any]:
    """Everything about an interval, ready for `json`."""
    plain = {name: getattr(interval, name) for name in _FIELDS}
    for field in _SAMPLES:
        samples = getattr(interval, field)
        plain[field] = {name: _summary_to_plain(summary) for name, summary in samples.items()}
    return plain


def interval_from_plain(plain: dict[str, Any]) -> Interval:
    """The interval again. Unknown fields are left out: a newer version wrote them.

    Raises KeyError, TypeError or ValueError if it is not one.
    """
    known = {name: plain[name] for name in _FIELDS if name in plain}
    for field in _SAMPLES:
        samples = plain.get(field, {})
        known[field] = {name: _summary_from_plain(value) for name, value in samples.items()}
    return Interval(**known)


def _summary_to_plain(summary: SampleSummary) -> list[Any]:
    if not summary.count:
        return [0]  # the extremes of nothing are infinite, which JSON cannot say
    counts = summary.histogram.buckets
    buckets = sorted(counts)
    gaps = map(sub, buckets, [0, *buckets])
    pairs = list(chain.from_iterable(zip(gaps, map(counts.__getitem__, buckets), strict=True)))
    return [summary.count, summary.mean, summary.m2, summary.minimum, summary.maximum, pairs]


def _summary_from_plain(value: list[Any]) -> SampleSummary:
    if not value[0]:
        return SampleSummary()
    count, mean, m2, minimum, maximum, pairs = value[:6]
    buckets = dict(zip(accumulate(pairs[::2]), pairs[1::2], strict=True))
    return SampleSummary(count, mean, m2, minimum, maximum, Histogram(buckets))
