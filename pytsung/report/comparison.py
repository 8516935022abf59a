"""Runs side by side: every figure of each against the first one's, with noise in mind.

Must not know how a comparison is shown, nor the arithmetic of noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytsung.logdir.summary import SampleFigures
from pytsung.report.noise import FLOOR, TAIL_FLOOR, Difference, compare
from pytsung.report.record import RunRecord, ordered
from pytsung.report.windows import PERCENTS, Window

WORDS = ("avg", "med", "p(95)", "p(99)", "rate")
"""What is compared of a sample, in the words of thresholds; of a counter only `rate`."""

TAILS = ("p(95)", "p(99)")

_NUMBERS = {"med": 50.0, "p(95)": 95.0, "p(99)": 99.0}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of two runs, as it is over the whole of each, and how its seconds differ.

    `unit` is a spelling of `words`: `time` or `rate`.
    """

    name: str
    word: str
    unit: str
    first: float
    second: float
    difference: Difference

    @property
    def verdict(self) -> str:
        """What is to be made of it, in words."""
        found = self.difference
        if not found.is_known:
            return "too short to tell"
        if not found.is_seen:
            return "no difference seen"
        if self.unit == "time":
            return "slower" if found.ratio > 1 else "quicker"
        return "more" if found.ratio > 1 else "fewer"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against the first one."""

    first: RunRecord
    second: RunRecord
    rows: Sequence[Row]

    @property
    def is_different(self) -> bool:
        """Whether any figure differs beyond noise."""
        return any(row.difference.is_seen for row in self.rows)

    @property
    def result(self) -> str:
        """What came of it, in a few words."""
        seen = sum(row.difference.is_seen for row in self.rows)
        if seen:
            return f"{seen} of {len(self.rows)} figures differ beyond noise"
        if any(row.difference.is_known for row in self.rows):
            return "no difference seen"
        return "too short to tell"


_Take = Callable[[Window], float | None]


def compare_runs(first: RunRecord, second: RunRecord) -> Comparison:
    """Compare all figures that both runs have; their windows must be of one width.

    Counters that are errors in one run only are compared, too. Times that differ by
    less than the same figure of the load generators' loop lag are not told apart: that is
    how late a generator sees an answer, and it depends on what else its machine does. The
    tail of the lag is in the tail of the times.
    """
    wanted: list[tuple[str, str, str, _Take]] = []
    for name in ordered({n: 0 for n in first.summary.samples if n in second.summary.samples}):
        words = WORDS if first.is_ours and second.is_ours else ("avg", "rate")
        for word in words:
            unit = "rate" if word == "rate" else "time"
            wanted.append((name, word, unit, _taker(name, word)))
    errors = sorted({*first.summary.errors, *second.summary.errors})
    traffic = [n for n in ("size_rcv", "size_sent") if n in first.summary.counters]
    wanted += [(name, "rate", "rate", _counter(name)) for name in (*traffic, *errors)]
    if first.summary.users.started and second.summary.users.started:
        wanted.insert(0, ("users_count", "rate", "rate", lambda w: w.started / w.seconds))
    lags = [run.summary.loop_lag for run in (first, second)]
    rows = []
    for name, word, unit, take in wanted:
        one, other = _whole(first, name, word), _whole(second, name, word)
        floor = TAIL_FLOOR if word in TAILS else FLOOR
        seconds = [[take(window) for window in run.windows] for run in (first, second)]
        difference = compare(*seconds, looks=len(wanted), floor=floor)
        if unit == "time" and abs(other - one) <= max(_of_word(lag, word) for lag in lags):
            difference = replace(difference, is_seen=False)
        rows.append(Row(name, word, unit, one, other, difference))
    return Comparison(first, second, rows)


def _whole(run: RunRecord, name: str, word: str) -> float:
    """The figure over the whole run, as its report has it."""
    summary = run.summary
    figures = summary.samples.get(name, SampleFigures())
    if word == "rate":
        counters = {"users_count": summary.users.started, **summary.counters}
        count = counters.get(name, figures.count)
        return count / run.duration if run.duration else 0.0
    return _of_word(figures, word)


def _of_word(figures: SampleFigures, word: str) -> float:
    by_word = {"avg": figures.mean, "med": figures.p50, "p(95)": figures.p95}
    return by_word.get(word, figures.p99)


def _taker(name: str, word: str) -> _Take:
    def take(window: Window) -> float | None:
        figures = window.samples.get(name)
        if word == "rate":
            return figures.count / window.seconds if figures else 0.0
        if figures is None:
            return None
        if word == "avg":
            return figures.mean
        return figures.percentiles[PERCENTS.index(_NUMBERS[word])]

    return take


def _counter(name: str) -> _Take:
    return lambda window: window.counters.get(name, 0) / window.seconds
