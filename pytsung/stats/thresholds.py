"""Limits that a run's figures must keep: `--threshold 'connect: p(95)<200'`.

The words are k6's. Times are seconds inside; as it is written, a bare number is
milliseconds. Must not know the exit status that a crossed limit leads to, nor how a run
is ended by one.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from pytsung.errors import UsageError
from pytsung.stats.summary import SampleSummary
from pytsung.stats.totals import RunTotals

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_UNITS = {"": 0.001, "ms": 0.001, "s": 1.0}
_TIMES = ("avg", "min", "max", "med", "p")
_PLAIN = ("count", "rate")
_EXPRESSION = re.compile(
    r"""(?P<word>avg|min|max|med|count|rate|p\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\))
    \s*(?P<comparison><=|>=|==|!=|<|>)
    \s*(?P<limit>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[a-z]*)""",
    re.VERBOSE,
)
_ABORT = re.compile(r"\s+abort_on_fail(?:\((?P<delay>\d+(?:\.\d+)?)(?P<unit>s|m)\))?$")
_CURE = "write it as 'connect: p(95)<200' or 'error_connect_timeout: count<10'"


@dataclass(frozen=True, slots=True)
class Crossing:
    """What came of one threshold: the figure that was measured, and whether it kept the limit.

    `value` is in `unit`: `s` for times, `/s` for rates, empty for counts; None where
    nothing was measured under the name.
    """

    threshold: str
    value: float | None
    unit: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit on one figure of one statistic, under Tsung's name.

    `word` is what of it: `avg min max med p` (of samples), `count`, or `rate`
    (how many per second of the run). `limit` is seconds for times. `abort_after`:
    once crossed, and so many seconds have passed, the run is to be ended (None: never).
    """

    text: str
    name: str
    word: str
    percent: float
    comparison: str
    limit: float
    abort_after: float | None = None

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read `NAME: EXPRESSION`, perhaps with `abort_on_fail` or `abort_on_fail(30s)` behind.

        Raises UsageError for anything else.
        """
        abort = _ABORT.search(text)
        limit_text = text[: abort.start()] if abort else text
        name, colon, expression = (part.strip() for part in limit_text.rpartition(":"))
        if not colon or not name:
            raise UsageError(f"threshold {text!r}: no name before a colon; {_CURE}")
        found = _EXPRESSION.fullmatch(expression)
        if found is None:
            raise UsageError(
                f"threshold {text!r}: cannot read {expression!r};"
                f" known are {', '.join(_TIMES[:-1])}, p(N), {', '.join(_PLAIN)}"
                f" with {' '.join(_COMPARISONS)} and a number; {_CURE}"
            )
        word = "p" if found["percent"] else found["word"]
        percent = float(found["percent"] or 50)
        if percent > 100:
            raise UsageError(
                f"threshold {text!r}: there is no percentile {percent:g}; use 0 to 100"
            )
        limit = float(found["limit"]) * _scale(text, word, found["unit"])
        after = _seconds(abort) if abort else None
        return cls(text, name, word, percent, found["comparison"], limit, after)

    def check(self, totals: RunTotals, duration: float) -> Crossing:
        """Hold the limit against a run that lasted `duration` seconds.

        A time of which there is no sample keeps no limit: nothing shows that it would.
        A counter that was never raised is 0.
        """
        value = self._figure(totals, duration)
        kept = value is not None and _COMPARISONS[self.comparison](value, self.limit)
        unit = {"count": "", "rate": "/s"}.get(self.word, "s")
        return Crossing(self.text, value, unit, kept)

    def _figure(self, totals: RunTotals, duration: float) -> float | None:
        samples = totals.samples.get(self.name)
        if self.word in _PLAIN:
            count = samples.count if samples else _counted(totals, self.name)
            if self.word == "count":
                return float(count)
            return count / duration if duration > 0 else None
        if samples is None or not samples.count:
            return None
        return _time(samples, self.word, self.percent)


def _seconds(abort: re.Match[str]) -> float:
    """The delay of an `abort_on_fail`; none is no delay."""
    return float(abort["delay"] or 0) * (60 if abort["unit"] == "m" else 1)


def _scale(text: str, word: str, unit: str) -> float:
    """What a number of this unit is multiplied with to give seconds, or itself."""
    if word in _PLAIN:
        if unit:
            raise UsageError(f"threshold {text!r}: {word} has no unit; leave out {unit!r}")
        return 1.0
    if unit not in _UNITS:
        raise UsageError(f"threshold {text!r}: unknown unit {unit!r}; use ms or s")
    return _UNITS[unit]


def _counted(totals: RunTotals, name: str) -> int:
    """A counter under Tsung's name, those of users and connections included."""
    own = {
        "users_count": totals.users_started,
        "finish_users_count": totals.users_finished,
        "connected": totals.connections_open,
    }
    return own[name] if name in own else totals.counters.get(name, 0)


def _time(samples: SampleSummary, word: str, percent: float) -> float:
    if word == "avg":
        return samples.mean
    if word == "min":
        return samples.minimum
    if word == "max":
        return samples.maximum
    return samples.percentile(percent)
