"""Agents cut off while they say goodbye would lose what the run has measured."""

from __future__ import annotations

import pytest

from pytsung.controller.parting import is_leaving, parting_time


def test_a_million_users_have_longer_to_leave_than_ten() -> None:
    """On loopback both ends are closed by the same processors."""
    assert parting_time(2.0, 10) == pytest.approx(12.0, abs=0.01)
    assert parting_time(0.0, 1_000_000) == pytest.approx(110.0)


def test_seconds_from_the_stop_on_are_taken_up_by_it() -> None:
    """And none of a run that plays to its end."""
    assert [is_leaving(second, 5.7) for second in (4, 5, 6)] == [False, True, True]
    assert not is_leaving(9, None)
