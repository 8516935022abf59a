"""Thresholds turn a run into a pass or a failure of somebody's pipeline: they must read what was
meant, or refuse it."""

import pytest

from pytsung.errors import UsageError
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.thresholds import Threshold
from pytsung.stats.totals import RunTotals


@pytest.fixture
def totals() -> RunTotals:
    times = [n / 1000 for n in range(1, 101)]  # 1 to 100 ms
    run = RunTotals()
    samples = {"connect": SampleSummary.of(times), "tr_log:in": SampleSummary.of([2.0])}
    run.add(Interval(0, users_started=40, counters={"error_closed": 3}, samples=samples))
    return run


@pytest.mark.parametrize(
    ("text", "kept", "value"),
    [
        ("connect: p(95)<200", True, 0.095),
        ("connect: p(95)<90", False, 0.095),
        ("connect: p(95) < 90ms", False, 0.095),
        ("connect: p(95)<0.2s", True, 0.095),
        ("connect: p(99.5)<=.2s", True, 0.1),
        ("connect:avg>50", True, 0.0505),
        ("connect: min>=1", True, 0.001),
        ("connect: max<100", False, 0.1),
        ("connect: med<60", True, 0.05),
        ("connect: count==100", True, 100),
        ("connect: rate>9.9", True, 10),
        ("error_closed: count<3", False, 3),
        ("error_closed: rate<1", True, 0.3),
        ("error_timeout: count<1", True, 0),
        ("users_count: count!=40", False, 40),
        ("tr_log:in: max<3s", True, 2.0),
    ],
)
def test_limits_are_held_against_the_run(
    totals: RunTotals, text: str, kept: bool, value: float
) -> None:
    """The words are k6's, the names Tsung's; a bare number is milliseconds for times only."""
    crossing = Threshold.parse(text).check(totals, duration=10)
    assert crossing.kept is kept
    assert crossing.value == pytest.approx(value, rel=0.005)
    assert crossing.threshold == text


def test_a_time_without_samples_keeps_no_limit(totals: RunTotals) -> None:
    """A misspelt name, or a run in which nothing worked, must not pass as fast."""
    crossing = Threshold.parse("conect: p(95)<200").check(totals, duration=10)
    assert (crossing.value, crossing.kept) == (None, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("p(95)<200", "no name before a colon"),
        (": p(95)<200", "no name before a colon"),
        ("connect: p95<200", "cannot read 'p95<200'"),
        ("connect: p(95)", "cannot read"),
        ("connect: p(95)<", "cannot read"),
        ("connect: p(95)<-1", "cannot read"),
        ("connect: mean<200", "known are avg, min, max, med, p(N), count, rate"),
        ("connect: p(101)<200", "no percentile 101; use 0 to 100"),
        ("connect: p(95)<3h", "unknown unit 'h'; use ms or s"),
        ("connect: count<3ms", "count has no unit; leave out 'ms'"),
        ("", "write it as 'connect: p(95)<200'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_cure(text: str, says: str) -> None:
    """A limit that is silently not checked is worse than none."""
    with pytest.raises(UsageError, match="threshold") as caught:
        Threshold.parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("connect: p(95)<200", None),
        ("connect: p(95)<200 abort_on_fail", 0.0),
        ("connect: p(95) < 0.2s  abort_on_fail(30s)", 30.0),
        ("tr_log:in: max<3s abort_on_fail(1.5m)", 90.0),
    ],
)
def test_a_threshold_may_end_the_run(text: str, after: float | None) -> None:
    """At once, or not before the run has had some time."""
    threshold = Threshold.parse(text)
    assert threshold.abort_after == after
    assert threshold.text == text


@pytest.mark.parametrize(
    "end", ["abort", "abort_on_fail(30)", "abort_on_fail()", "abort_on_fail x"]
)
def test_other_words_behind_a_limit_are_refused(end: str) -> None:
    """A typing error must not make a run of hours that should have ended."""
    with pytest.raises(UsageError, match=r"cannot read|unknown unit"):
        Threshold.parse(f"connect: p(95)<200 {end}")
