"""Figures of hosts: what grows for ever is recorded as what it grew by."""

from __future__ import annotations

import pytest

from pytsung.stats.readings import Meter, Reading, ReadingKind

COUNTER = ReadingKind.COUNTER


def growth(*readings: tuple[float, float]) -> list[float | None]:
    """What a meter makes of a counter's readings (time, value)."""
    meter = Meter()
    taken = [meter.take(Reading("p", "os_mon@a", value, COUNTER), at) for at, value in readings]
    return [one.value if one is not None else None for one in taken]


def test_names_are_tsungs() -> None:
    """Scripts look for them in `tsung.log`."""
    assert Reading("cpu", "os_mon@web1", 1.0).name == '{cpu,"os_mon@web1"}'
    assert Reading("cpu", "os_mon@web1", 1.0).host == "web1"
    assert Reading("cpu", "db", 1.0).host == "db"


def test_a_counter_is_what_it_grew_by_in_ten_seconds() -> None:
    """A reading that came late would else be a peak that never was."""
    assert growth((0, 10), (10, 60), (20, 80)) == [None, 50, 20]
    assert growth((0, 20), (12.5, 70), (17.5, 80)) == [None, pytest.approx(40), pytest.approx(20)]


def test_a_counter_that_fell_begins_anew() -> None:
    """A host that was restarted did not take back what it sent; a counter wraps at 2³²."""
    assert growth((0, 100), (10, 7), (20, 17)) == [None, None, 10]


def test_a_counter_at_zero_has_not_begun() -> None:
    """An agent that was just started says 0, and then all that was counted since the boot."""
    assert growth((0, 0), (10, 5000), (20, 5010)) == [None, None, 10]


def test_a_counter_that_rests_grew_by_nothing() -> None:
    """Nothing sent in ten seconds is a figure, not a gap."""
    assert growth((0, 5), (10, 5)) == [None, 0]


def test_what_was_read_stays_beside_it() -> None:
    """Tsung's fullstats file wants the counter itself."""
    meter = Meter()
    meter.take(Reading("p", "a", 1000, COUNTER), 0)
    taken = meter.take(Reading("p", "a", 1040, COUNTER), 10)
    assert taken == Reading("p", "a", 40.0, COUNTER, raw=1040)


@pytest.mark.parametrize("kind", [ReadingKind.SAMPLE, ReadingKind.SUM])
def test_levels_and_sums_pass_as_they_are(kind: ReadingKind) -> None:
    """Free memory is no counter."""
    reading = Reading("freemem", "a", 5.0, kind)
    assert Meter().take(reading, 0) is reading


def test_hosts_are_counted_apart() -> None:
    """One host's packets must not be another's."""
    meter = Meter()
    meter.take(Reading("p", "a", 10, COUNTER), 0)
    assert meter.take(Reading("p", "b", 50, COUNTER), 1) is None
