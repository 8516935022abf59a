"""A run's totals are what every figure of a report is read from, and they must not depend on who
reported first."""

import math
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pytsung.stats import Interval, SampleSummary
from pytsung.stats.totals import RunTotals, check_conservation

NAMES = ("request", "connect", "tr_login")
seconds = st.floats(0, 1e4, allow_nan=False)


@st.composite
def intervals(draw: st.DrawFn, index: int) -> Interval:
    count = st.integers(0, 10_000)
    values = draw(st.dictionaries(st.sampled_from(NAMES), st.lists(seconds, min_size=1)))
    return Interval(
        index=index,
        users_started=draw(count),
        users_finished=draw(count),
        users_open=draw(count),
        connections_opened=draw(count),
        connections_closed=draw(count),
        connections_open=draw(count),
        counters=draw(st.dictionaries(st.sampled_from(("200", "size_rcv")), count)),
        samples={name: SampleSummary.of(batch) for name, batch in values.items()},
    )


@st.composite
def runs(draw: st.DrawFn) -> list[Interval]:
    return [draw(intervals(index)) for index in range(draw(st.integers(1, 6)))]


def totals_of(run: list[Interval]) -> RunTotals:
    totals = RunTotals()
    for interval in run:
        totals.add(interval)
    return totals


def assert_same(left: dict[str, SampleSummary], right: dict[str, SampleSummary]) -> None:
    """Counts exact, floats within 1e-9 of the size of the numbers that went in."""
    assert left.keys() == right.keys()
    for name, one in left.items():
        other = right[name]
        assert one.count == other.count
        assert one.histogram == other.histogram
        assert (one.minimum, one.maximum) == (other.minimum, other.maximum)
        assert math.isclose(one.mean, other.mean, rel_tol=1e-9)
        scale = one.count * one.maximum**2
        assert math.isclose(one.m2, other.m2, rel_tol=1e-9, abs_tol=1e-9 * scale)


@given(runs(), st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_the_order_of_intervals(
    run: list[Interval], random: Random
) -> None:
    """Agents report when they can; the sum of a run may not depend on it."""
    shuffled = random.sample(run, len(run))
    one, other = totals_of(run), totals_of(shuffled)
    for field in RunTotals.__slots__:
        if field not in ("samples", "generator", "fan_out"):
            assert getattr(one, field) == getattr(other, field), field
    assert_same(one.samples, other.samples)


@given(intervals(0), intervals(0), intervals(0))
def test_merging_intervals_is_associative_and_commutative(
    first: Interval, second: Interval, third: Interval
) -> None:
    """Workers merge in the agent, agents in the controller: how they are grouped is chance."""
    left = copy(first)
    left.merge(second)
    left.merge(third)
    right = copy(third)
    right.merge(second)
    right.merge(first)
    assert_same(left.samples, right.samples)
    assert replace(left, samples={}) == replace(right, samples={})


def copy(interval: Interval) -> Interval:
    samples = {name: summary.copy() for name, summary in interval.samples.items()}
    return replace(interval, counters=dict(interval.counters), samples=samples)


def test_an_agents_part_can_do_without_samples() -> None:
    """With 64 agents a second, merging each one's histograms costs the controller 4 % of a core."""
    part = RunTotals(counts_only=True)
    part.add(Interval(0, users_started=3, samples={"request": SampleSummary.of([0.5])}))
    assert (part.users_started, part.samples) == (3, {})


def test_adding_an_interval_leaves_it_as_it_was() -> None:
    """The same interval is written to the log after it was added."""
    interval = Interval(0, counters={"200": 1}, samples={"request": SampleSummary.of([0.5])})
    totals = totals_of([interval, Interval(1, samples={"request": SampleSummary.of([0.7])})])
    assert totals.samples["request"].count == 2
    assert interval.samples["request"].count == 1


def test_peaks_are_the_highest_summed_level() -> None:
    """`peak` is promised as the maximum of the summed 1 s intervals, not as a sum of peaks."""
    run = [Interval(n, users_open=u, connections_open=u - 1) for n, u in enumerate((3, 9, 4))]
    totals = totals_of(run)
    assert (totals.users_peak, totals.connections_peak) == (9, 8)
    assert (totals.users_open, totals.connections_open) == (4, 3)
    assert totals.duration == 3.0


def test_errors_are_counted_under_all_their_names() -> None:
    """The terminal shows one number of errors; `timeout` is Tsung's counter, not an error."""
    interval = Interval(0, counters={"error_timeout": 2, "error_closed": 1, "200": 7, "timeout": 1})
    assert totals_of([interval]).errors == 3


def test_a_run_that_adds_up_is_not_complained_about() -> None:
    """A check that cries wolf would make every run invalid."""
    one = totals_of([Interval(0, users_started=5, users_finished=2, users_open=3)])
    two = totals_of([Interval(0, users_started=4, users_lost=4, connections_opened=4)])
    both = totals_of([Interval(0, users_started=9, users_finished=2, users_open=3, users_lost=4)])
    both.connections_opened = 4
    assert check_conservation(both, {"a": one, "b": two}) == []
    assert check_conservation(both, {}) == []


def test_users_that_vanish_are_named_with_their_agent() -> None:
    """A user that neither ended, nor is open, nor was lost, is a bug that must show."""
    agent = totals_of([Interval(0, users_started=5, users_finished=2, users_open=2)])
    run = totals_of([Interval(0, users_started=5, users_finished=3, users_open=2)])
    faults = check_conservation(run, {"web1": agent})
    assert faults == [
        "agent web1: 5 users started, but 2 finished + 2 open + 0 lost = 4",
        "the run: users finished 3, but its agents together 2",
    ]


def test_connections_that_vanish_are_named() -> None:
    """Connections are conserved as users are, unless a worker took its own with it."""
    run = totals_of([Interval(0, connections_opened=5, connections_closed=1, connections_open=3)])
    assert check_conservation(run, {}) == [
        "the run: 5 connections opened, but 1 closed + 3 open = 4"
    ]
