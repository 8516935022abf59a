"""How events spread over their receivers, put together from all workers."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.stats import Interval, Recorder, SampleSummary
from pytsung.stats.fan_out import MOST_OPEN, SETTLED, SLOWEST, FanOut, Spread
from pytsung.stats.recorder import MOST_EVENTS, PUSH_LATENCY
from pytsung.stats.totals import RunTotals


def ages(*values: float) -> SampleSummary:
    return SampleSummary.of(values)


def test_first_median_and_last_delivery_are_told() -> None:
    """The question of anyone who broadcasts: when did everybody have it?"""
    fan_out = FanOut()
    fan_out.add({"a": ages(0.010, 0.020, 0.030)}, 0)
    fan_out.add({"b": ages(0.001)}, 1)
    fan_out.settle()
    assert (fan_out.events, fan_out.deliveries) == (2, 4)
    assert fan_out.first.maximum == 0.010
    assert fan_out.median.maximum == pytest.approx(0.020, rel=0.004)
    assert (fan_out.last.minimum, fan_out.last.maximum) == (0.001, 0.030)
    assert fan_out.slowest[0].event == "a"
    assert fan_out.slowest[1] == Spread("b", 1, 0.001, 0.001, 0.001)


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.floats(1e-6, 100), min_size=1), min_size=1),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_an_event_is_one_however_many_workers_and_seconds_saw_it(
    events: dict[str, list[float]], parts: int, random: Random
) -> None:
    """Its receivers are with many workers, and it may cross the end of a second."""
    whole, split = FanOut(), FanOut()
    whole.add({event: ages(*values) for event, values in events.items()}, 0)
    intervals = []
    for part in range(parts):
        mine = {event: values[part::parts] for event, values in events.items()}
        intervals.append((part, {event: ages(*v) for event, v in mine.items() if v}))
    random.shuffle(intervals)
    for index, deliveries in intervals:
        split.add(deliveries, index)
    for one in (whole, split):
        one.settle()
    assert (split.events, split.deliveries) == (whole.events, whole.deliveries)
    assert set(split.slowest) == set(whole.slowest)
    assert split.last.maximum == whole.last.maximum
    assert split.first.minimum == whole.first.minimum


def test_memory_does_not_grow_with_the_run() -> None:
    """A day at twenty events a second is two million events."""
    fan_out = FanOut()
    for index in range(200):
        fan_out.add({f"{index}-{n}": ages(index * 0.001) for n in range(20)}, index)
    assert len(fan_out._open) == 20 * SETTLED
    fan_out.add({f"burst-{n}": ages(1.0) for n in range(5000)}, 200)
    assert len(fan_out._open) == MOST_OPEN
    fan_out.settle()
    assert fan_out.events == 200 * 20 + 5000
    assert len(fan_out.slowest) == SLOWEST


def test_an_event_waits_for_its_late_receivers() -> None:
    """The last delivery is the figure that matters; it must not be cut off."""
    fan_out = FanOut()
    fan_out.add({"a": ages(0.1)}, 0)
    for index in range(1, SETTLED):
        fan_out.add({}, index)
    fan_out.add({"a": ages(9.5)}, SETTLED - 1)
    fan_out.settle()
    assert (fan_out.events, fan_out.last.maximum) == (1, 9.5)


def test_a_recorder_keeps_ages_by_event_until_the_interval_is_taken() -> None:
    """Every event has an age; only those with a name are followed."""
    recorder = Recorder()
    recorder.delivered("a", 0.5)
    recorder.delivered("a", 0.7)
    recorder.delivered("", 0.6)
    interval = recorder.take(0)
    assert interval.samples[PUSH_LATENCY].count == 3
    assert interval.deliveries["a"] == ages(0.5, 0.7)
    assert list(interval.deliveries) == ["a"]
    assert recorder.take(1).deliveries == {}


def test_a_recorder_follows_no_more_events_than_there_is_room_for() -> None:
    """Whoever names a new event in each message must not fill the memory, nor the channel."""
    recorder = Recorder()
    for number in range(10 * MOST_EVENTS):
        recorder.delivered(str(number), 0.1)
    interval = recorder.take(0)
    assert len(interval.deliveries) == MOST_EVENTS
    assert interval.samples[PUSH_LATENCY].count == 10 * MOST_EVENTS


def test_intervals_and_totals_carry_deliveries() -> None:
    """From the workers' intervals to the figures of the run."""
    one, other = Interval(0, deliveries={"a": ages(0.1)}), Interval(0)
    other.deliveries = {"a": ages(0.3), "b": ages(0.2)}
    one.merge(other)
    assert one.deliveries["a"].count == 2
    totals = RunTotals()
    totals.add(one)
    totals.fan_out.settle()
    assert (totals.fan_out.events, totals.fan_out.deliveries) == (2, 3)
    assert one.deliveries["a"].count == 2  # as it was
