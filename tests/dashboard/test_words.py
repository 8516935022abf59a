"""Figures on a terminal are read at a glance: few digits, and never a wrong unit."""

import pytest

from pytsung.dashboard.words import clock, in_milliseconds, memory, rate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.000"), (0.0001434, "0.143"), (0.00248, "2.48"), (0.0169, "16.9"), (15.5036, "15,504")],
)
def test_times_keep_three_digits(seconds: float, text: str) -> None:
    """A loopback answer and a session of minutes stand in one column."""
    assert in_milliseconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_clocks_grow_with_the_test(seconds: float, text: str) -> None:
    """Hours are shown only when there are any."""
    assert clock(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0.0/s"), (0.33, "0.3/s"), (1997.6, "1,998/s")])
def test_slow_rates_keep_a_decimal(value: float, text: str) -> None:
    """A user every three seconds is not none."""
    assert rate(value) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 MB"), (45_600_000, "46 MB"), (12_340_000_000, "12.3 GB")]
)
def test_memory_is_decimal(size: int, text: str) -> None:
    """A megabyte is a million bytes."""
    assert memory(size) == text
