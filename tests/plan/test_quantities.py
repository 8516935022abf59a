"""Numbers for people: a misplaced thousand is a test ten times too large."""

from __future__ import annotations

import pytest

from pytsung.plan.quantities import amount, length_of_time, number, rate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1000000, "1,000,000"),
        (0.25, "0.25"),
        (33.33333, "33.333"),
        (10.0, "10"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """Thousands apart, no more decimals than say something."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.01, "10 ms"),
        (1.5, "1.5 s"),
        (59.0, "59 s"),
        (60.0, "1 min"),
        (90.5, "90.5 s"),
        (10000.0, "2 h 46 min 40 s"),
        (3600.0, "1 h"),
    ],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    """In the units that one would say."""
    assert length_of_time(seconds) == text


def test_rates_and_amounts() -> None:
    """Slow arrivals are told by their distance."""
    assert rate(1000.0) == "at 1,000/s"
    assert rate(0.2) == "one every 5 s"
    assert amount(1, "user") == "1 user"
    assert amount(2, "user") == "2 users"
