"""A run that has failed already should not go on loading its target, and others should."""

from __future__ import annotations

from pytsung.stats import Interval, SampleSummary
from pytsung.stats.thresholds import Threshold
from pytsung.stats.totals import RunTotals
from pytsung.stats.tripwire import Tripwire


def totals(*seconds: list[float]) -> RunTotals:
    run = RunTotals()
    for index, times in enumerate(seconds):
        run.add(Interval(index, samples={"request": SampleSummary.of(times)} if times else {}))
    return run


def tripwire(*texts: str) -> Tripwire:
    return Tripwire([Threshold.parse(text) for text in texts])


def test_only_what_says_so_ends_the_run() -> None:
    """Other limits are held against the whole run, at its end."""
    run = totals([0.5])
    assert not tripwire("request: max<100").look(run, 1)
    assert tripwire("request: max<100", "request: max<200 abort_on_fail").look(run, 1)
    assert not tripwire("request: max<1s abort_on_fail").look(run, 1)


def test_nothing_is_ended_before_its_time() -> None:
    """A limit from below needs some seconds to be kept at all."""
    wire = tripwire("request: count>10 abort_on_fail(5s)")
    assert not wire.look(totals([0.1]), 4)
    assert not wire.look(totals([0.1] * 11), 5)
    assert wire.look(totals([0.1]), 6)


def test_what_was_not_measured_ends_nothing() -> None:
    """In the first second no request may have been answered yet."""
    wire = tripwire("request: p(95)<200 abort_on_fail")
    assert not wire.look(totals([]), 1)
    assert wire.look(totals([], [0.3]), 2)


def test_the_limit_that_ended_the_run_stays_crossed() -> None:
    """The last requests of a run that was stopped are often quick: nobody else is there."""
    wire = tripwire("request: avg<200 abort_on_fail", "request: count<1")
    assert wire.look(totals([0.3]), 1)
    after = totals([0.3], [0.001] * 99)
    first, second = wire.judge(after, 2)
    assert (first.kept, first.value) == (False, 0.3)
    assert (second.kept, second.value) == (False, 100)
    assert not wire.judge(after, 2)[0].kept


def test_without_an_early_end_all_are_judged_at_the_end() -> None:
    """As if none could have ended it."""
    wire = tripwire("request: avg<200 abort_on_fail", "request: count==2")
    assert not wire.look(totals([0.1]), 1)
    assert [one.kept for one in wire.judge(totals([0.1], [0.2]), 2)] == [True, True]


def test_a_crossing_is_news_once() -> None:
    """Whoever looks at the run learns when it happened, not every second that it still is so."""
    wire = tripwire("request: max<200", "request: count>2")
    runs: list[list[list[float]]] = [
        [[]],
        [[0.1]],
        [[0.5]],
        [[0.5, 0.6]],
        [[0.1, 0.1, 0.1]],
        [[0.1]],
    ]
    told = [
        [(crossing.threshold, crossing.kept) for crossing in wire.news(totals(*seconds), 1.0)]
        for seconds in runs
    ]
    assert told == [
        [],
        [],
        [("request: max<200", False)],
        [],
        [("request: max<200", True), ("request: count>2", True)],
        [("request: count>2", False)],
    ]
