"""A page that was opened late still shows the whole run, in a memory that does not grow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.dashboard.history import COLUMNS, History, Point


def rows(history: History) -> list[dict[str, float | None]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in history.rows()]


@given(st.integers(0, 300))
def test_any_length_of_run_keeps_its_sums(seconds: int) -> None:
    """What arrived in ten seconds arrived, whether they are ten points or one."""
    history = History(most=16)
    for second in range(seconds):
        history.add(Point(second + 1.0, users=second, started=2, requests=second, sent=1))
    points = history.points
    assert len(points) <= 17
    assert sum(point.seconds for point in points) == seconds
    assert sum(point.started for point in points) == 2 * seconds
    assert sum(point.requests for point in points) == sum(range(seconds))
    ends = [point.at for point in points]
    assert ends == sorted(ends)
    if points:
        assert points[-1].at == seconds
        assert points[-1].users == seconds - 1


def test_the_worst_second_speaks_for_several() -> None:
    """A slow second must not vanish because the run was long."""
    history = History(most=2)
    for p99 in (0.001, None, 0.5, 0.002):
        history.add(Point(float(len(history.points) + 1), p99=p99))
    assert history.version > 0
    assert max(row["p99"] or 0.0 for row in rows(history)) == 0.5


def test_who_has_seen_a_part_gets_the_rest() -> None:
    """A browser that missed some seconds catches up with rows, not with guesses."""
    history = History()
    for second in range(5):
        history.add(Point(second + 1.0, users=second))
    assert [row[0] for row in history.rows(after=3.0)] == [4.0, 5.0]
    assert not history.rows(after=5.0)


def test_rates_are_of_the_time_that_passed() -> None:
    """A point of several seconds shows the rate of one; traffic is shown in bits."""
    point = Point(1.0, started=10, received=100)
    point.join(Point(2.0, started=20, received=100))
    row = dict(zip(COLUMNS, point.row(), strict=True))
    assert (row["at"], row["seconds"], row["started"]) == (2.0, 2.0, 15.0)
    assert row["received"] == pytest.approx(800.0)
