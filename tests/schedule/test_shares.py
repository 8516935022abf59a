"""Users split over workers must add up: a user too many or too few is a wrong load."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.schedule.shares import split

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(lambda all_: sum(all_) > 0)


@given(st.integers(0, 10**9), weights)
def test_parts_add_up_and_are_within_one_of_exact(total: int, weights: list[float]) -> None:
    """Largest remainder: nobody is more than one user away from the exact part."""
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight / whole
        assert abs(part - exact) < 1 + 1e-6 * (1 + exact)
        assert weight or not part


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),  # equal remainders: the earlier
        (1, [1, 1], [1, 0]),
        (7, [1, 2, 4], [1, 2, 4]),
        (8, [1, 2, 4], [1, 2, 5]),  # 1.14, 2.29, 4.57
        (0, [1, 5], [0, 0]),
        (5, [0, 1], [0, 5]),
    ],
)
def test_the_largest_remainder_gets_the_odd_user(
    total: int, weights: list[float], parts: list[int]
) -> None:
    """Worked examples; Tsung, rounding each by itself, would give 9 of the first 10."""
    assert split(total, weights) == parts


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1]])
def test_senseless_weights_are_refused(weights: list[float]) -> None:
    """Rather an error than a load that nobody asked for."""
    with pytest.raises(ValueError, match="cannot split"):
        split(5, weights)
