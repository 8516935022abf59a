"""Arrival times are the load: their number must be exact and their spacing Tsung's."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytsung.plan import ArrivalPhase
from pytsung.schedule.arrivals import arrival_times, planned_users

rates = st.floats(1e-3, 1e5)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("duration", "rate", "most", "users"),
    [
        (10, 1000, None, 10_000),
        (20, 1 / 60, None, 0),  # interarrival=60 in a phase of 20 s: the classic trap
        (30, 1 / 60, None, 1),  # half away from zero, where Python would round to even
        (2.5, 1, None, 3),
        (10, 1000, 500, 500),
        (10, 10, 500, 100),  # maxnumber is a limit, no wish
        (10, 10, 0, 0),
    ],
)
def test_a_phase_has_a_number_of_users_known_in_advance(
    duration: float, rate: float, most: int | None, users: int
) -> None:
    """round(duration x rate), or maxnumber if that is less."""
    assert planned_users(ArrivalPhase(1, duration, rate, most)) == users


@given(st.integers(0, 300), rates, rates, seeds)
def test_as_many_times_as_users_and_none_before_another(
    users: int, rate: float, first_rate: float, seed: int
) -> None:
    """Whoever plays the phase walks through them once."""
    times = list(arrival_times(users, rate, first_rate, Random(seed)))
    assert len(times) == users
    assert all(time >= 0 for time in times)
    assert all(earlier <= later for earlier, later in pairwise(times))


@given(rates, seeds)
@example(1000.0, 0)
def test_the_mean_gap_is_that_of_the_rate(rate: float, seed: int) -> None:
    """Exponential gaps: the mean of n deviates by 1/sqrt(n) of itself.

    Hypothesis tries hundreds of seeds, so 5.5 standard deviations are allowed.
    """
    users = 2000
    *_, last = arrival_times(users, rate, rate, Random(seed))
    assert abs(last / users * rate - 1) < 5.5 / math.sqrt(users)


def test_gaps_are_exponential() -> None:
    """A Poisson process: the part of gaps longer than the mean is 1/e, than twice the mean 1/e²."""
    times = [0.0, *arrival_times(20_000, 50.0, 50.0, Random(4))]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    for means in (1, 2, 3):
        part = sum(gap > means / 50 for gap in gaps) / len(gaps)
        sigma = math.sqrt(math.exp(-means) / len(gaps))
        assert abs(part - math.exp(-means)) < 4 * sigma


def test_the_first_gap_is_drawn_at_the_rate_of_the_phase_before() -> None:
    """Tsung draws it while still in that phase; a slow phase delays the start of a fast one."""
    slow_first = list(arrival_times(3, 10.0, 0.1, Random(2)))
    alike = list(arrival_times(3, 10.0, 10.0, Random(2)))
    assert slow_first[0] == pytest.approx(alike[0] * 100)
    assert slow_first[2] - slow_first[0] == pytest.approx(alike[2] - alike[0])


def test_a_seed_repeats_the_times() -> None:
    """`--seed` must mean something."""
    one, same, other = (list(arrival_times(9, 5.0, 5.0, Random(seed))) for seed in (1, 1, 2))
    assert one == same != other
