"""A sample summary as a plain list, as it travels and as it is kept, and back.

`[count, mean, m2, minimum, maximum, [bucket, count, gap, count, …]]`: buckets ascend,
each after the first is given by its distance to the one before, which halves the text
of a busy second. No sample at all is `[0]`. The form only grows: figures may be added
at its end. Must not know JSON, files or messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from operator import sub
from typing import Any

from pytsung.stats.histogram import Histogram
from pytsung.stats.summary import SampleSummary


def summary_to_plain(summary: SampleSummary) -> list[Any]:
    """Everything about a summary, ready for `json`."""
    if not summary.count:
        return [0]  # the extremes of nothing are infinite, which JSON cannot say
    counts = summary.histogram.buckets
    buckets = sorted(counts)
    gaps = map(sub, buckets, [0, *buckets])
    pairs = list(chain.from_iterable(zip(gaps, map(counts.__getitem__, buckets), strict=True)))
    return [summary.count, summary.mean, summary.m2, summary.minimum, summary.maximum, pairs]


def summary_from_plain(value: Sequence[Any]) -> SampleSummary:
    """The summary again. Raises IndexError, TypeError or ValueError if it is not one."""
    if not value[0]:
        return SampleSummary()
    count, mean, m2, minimum, maximum, pairs = value[:6]
    buckets = dict(zip(accumulate(pairs[::2]), pairs[1::2], strict=True))
    return SampleSummary(count, mean, m2, minimum, maximum, Histogram(buckets))
