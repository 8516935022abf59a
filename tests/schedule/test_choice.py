"""Sessions and targets are drawn by weight: a bias here shifts the whole load."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.schedule.choice import WeightedChoice


@pytest.mark.parametrize("weights", [[50, 30, 20], [1, 1, 1, 1], [99.95, 0.05], [0.1, 0, 0.9]])
def test_draws_follow_the_weights(weights: list[float]) -> None:
    """20,000 draws, each part within 4 standard deviations."""
    choice, random, draws = WeightedChoice(weights), Random(1), 20_000
    drawn = Counter(choice.draw(random) for _ in range(draws))
    for index, weight in enumerate(weights):
        part = weight / sum(weights)
        assert abs(drawn[index] - draws * part) <= 4 * math.sqrt(draws * part * (1 - part))


class Always(Random):
    """A random source with one answer."""

    def __init__(self, answer: float) -> None:
        super().__init__()
        self.answer = answer

    def random(self) -> float:
        return self.answer


@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=30).filter(lambda all_: sum(all_) > 0),
    st.floats(0, 1, exclude_max=True),
)
def test_an_index_of_some_weight_is_drawn_whatever_the_random_source_says(
    weights: list[float], answer: float
) -> None:
    """The ends of [0, 1) are where a draw would fall off the list, or hit a weight of zero."""
    index = WeightedChoice(weights).draw(Always(answer))
    assert 0 <= index < len(weights)
    assert weights[index] > 0


@pytest.mark.parametrize("weight", [0, 1, 0.3])
def test_a_single_one_is_always_drawn(weight: float) -> None:
    """Probability 0 means "only for scheduled users", unless there is no other session."""
    assert WeightedChoice([weight]).draw(Random(1)) == 0


def test_nothing_to_draw_from_is_refused() -> None:
    """Two sessions of weight zero: whom should a user play?"""
    with pytest.raises(ValueError, match="every weight is zero"):
        WeightedChoice([0, 0])
