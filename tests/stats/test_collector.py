"""Intervals from many workers, some late, some dead, become one line a second: each exactly once,
and nothing that was reported may get lost on the way."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pytsung.stats import Interval
from pytsung.stats.collector import PATIENCE, Collected, IntervalCollector


def interval(index: int, started: int = 1, users: int = 1, connections: int = 0) -> Interval:
    return Interval(index, users_started=started, users_open=users, connections_open=connections)


def joined(*sources: str) -> IntervalCollector[str]:
    collector: IntervalCollector[str] = IntervalCollector()
    for source in sources:
        collector.join(source, 0.0)
    return collector


def shape(collected: list[Collected[str]]) -> list[tuple[int, int, int, tuple[str, ...]]]:
    """Index, users started, users open, and who was missing."""
    merged = [(one.merged(), one.missing) for one in collected]
    return [
        (whole.index, whole.users_started, whole.users_open, missing) for whole, missing in merged
    ]


def test_an_interval_is_given_when_everybody_has_reported_it() -> None:
    """Not before its end, not later than its last report."""
    collector = joined("a", "b")
    collector.add("a", interval(0))
    assert collector.ready(1.1) == []
    collector.add("b", interval(0, started=2, users=2))
    assert collector.ready(0.9) == []
    assert shape(collector.ready(1.1)) == [(0, 3, 3, ())]
    assert collector.ready(1.2) == []


def test_who_is_silent_is_named_after_some_patience_and_keeps_its_levels() -> None:
    """A worker that is short of time for a second has not lost its users."""
    collector = joined("a", "b")
    for source in "ab":
        collector.add(source, interval(0, users=5))
    assert shape(collector.ready(1.0)) == [(0, 2, 10, ())]
    collector.add("a", interval(1, users=6))
    assert collector.ready(2.0 + PATIENCE - 0.1) == []
    assert shape(collector.ready(2.0 + PATIENCE)) == [(1, 1, 11, ("b",))]


def test_a_late_report_goes_into_the_next_interval() -> None:
    """Its second has been written already; its counts must not be lost."""
    collector = joined("a", "b")
    collector.add("a", interval(0))
    assert shape(collector.ready(1.0 + PATIENCE)) == [(0, 1, 1, ("b",))]
    collector.add("a", interval(1))
    collector.add("b", interval(0, started=7, users=7))
    collector.add("b", interval(1, started=2, users=9))
    assert shape(collector.ready(2.0 + PATIENCE)) == [(1, 10, 10, ())]


def test_the_users_of_a_dead_source_are_lost_from_its_last_report_on() -> None:
    """They left the levels, and are counted as lost, once."""
    collector = joined("a", "b")
    for source in "ab":
        collector.add(source, interval(0, users=5, connections=4))
    collector.ready(1.0)
    assert collector.lost("b", at=1.4) == 5
    assert collector.lost("b", at=1.5) == 0
    collector.add("a", interval(1, started=0, users=5, connections=4))
    (collected,) = collector.ready(2.0)
    merged = collected.merged()
    assert (merged.users_open, merged.users_lost, collected.missing) == (5, 5, ())
    assert (merged.connections_open, merged.connections_closed) == (4, 4)
    collector.add("a", interval(2, started=0, users=5, connections=4))
    assert shape(collector.ready(3.0)) == [(2, 0, 5, ())]


def test_a_source_that_dies_after_its_report_leaves_no_level_behind() -> None:
    """The report of that very second had users in it who are gone now."""
    collector = joined("a")
    collector.add("a", interval(0, started=3, users=3, connections=3))
    assert collector.lost("a", at=0.99) == 3
    (collected,) = collector.ready(1.0)
    merged = collected.merged()
    assert (merged.users_started, merged.users_lost) == (3, 3)
    assert (merged.users_open, merged.connections_open) == (0, 0)


def test_who_has_left_is_not_waited_for_but_its_open_users_stay() -> None:
    """A stopped worker leaves users open; they are open to the end of the run."""
    collector = joined("a", "b")
    for source in "ab":
        collector.add(source, interval(0, users=2))
    collector.leave("b")
    collector.ready(1.0)
    collector.add("a", interval(1, users=3))
    assert shape(collector.ready(2.0)) == [(1, 1, 5, ())]


def test_who_joins_later_owes_nothing_of_what_was_before() -> None:
    """A successor starts in the middle of the test."""
    collector = joined("a")
    collector.add("a", interval(0))
    collector.ready(1.0)
    collector.join("b", 2.6)
    collector.add("a", interval(1))
    assert shape(collector.ready(2.0)) == [(1, 1, 1, ())]
    collector.add("a", interval(2))
    assert collector.ready(3.0) == []
    collector.add("b", interval(2))
    assert shape(collector.ready(3.0)) == [(2, 2, 2, ())]


def test_what_is_left_comes_out_in_order_at_the_end() -> None:
    """With the gaps between, so that seconds stay seconds."""
    collector = joined("a")
    collector.add("a", interval(0))
    collector.add("a", interval(2))
    assert [one.index for one in collector.flush()] == [0, 1, 2]
    assert collector.flush() == []


@given(
    st.integers(1, 4),
    st.integers(1, 6),
    st.randoms(use_true_random=False),
    st.lists(st.floats(0, 12), max_size=8),
)
def test_every_report_is_in_exactly_one_interval_whatever_the_order(
    sources: int, seconds: int, random: Random, looks: list[float]
) -> None:
    """Reports of a source come in order, among each other in any; looks come at any time."""
    collector: IntervalCollector[str] = IntervalCollector()
    queues = {}
    for number in range(sources):
        source = f"s{number}"
        collector.join(source, 0.0)
        queues[source] = [interval(index, started=1 + number) for index in range(seconds)]
    total = sum(report.users_started for queue in queues.values() for report in queue)
    given_out: list[Collected[str]] = []
    times = sorted(looks)
    while queues:
        source = random.choice(sorted(queues))
        collector.add(source, queues[source].pop(0))
        if not queues[source]:
            del queues[source]
        if times and random.random() < 0.5:
            given_out += collector.ready(times.pop(0))
    given_out += collector.flush()
    assert [one.index for one in given_out] == list(range(len(given_out)))
    assert sum(one.merged().users_started for one in given_out) == total
    assert given_out[-1].merged().users_open == sources


def test_patience_is_the_collectors_own() -> None:
    """Who collects from collectors waits longer: a silent worker must not make its agent late."""
    collector: IntervalCollector[str] = IntervalCollector(patience=5.0)
    collector.join("a", 0.0)
    assert collector.ready(5.9) == []
    assert shape(collector.ready(6.0)) == [(0, 0, 0, ("a",))]
