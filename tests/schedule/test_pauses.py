"""Think times decide how many requests a second so many users make."""

from __future__ import annotations

import math
from random import Random

import pytest

from pytsung.plan import Pause, ThinkTime
from pytsung.schedule.think_times import draw


def test_a_fixed_pause_is_what_it_says() -> None:
    """No draw, no rounding."""
    assert draw(ThinkTime(0.125), Random(1)) == 0.125


def test_an_exponential_pause_has_the_mean_asked_for() -> None:
    """Over 10,000 draws, within 4 standard errors; its deviation equals its mean."""
    random = Random(1)
    pauses = [draw(ThinkTime(2.0, Pause.EXPONENTIAL), random) for _ in range(10_000)]
    mean = sum(pauses) / len(pauses)
    assert abs(mean - 2.0) < 4 * 2.0 / math.sqrt(len(pauses))
    deviation = math.sqrt(sum((pause - mean) ** 2 for pause in pauses) / len(pauses))
    assert deviation == pytest.approx(2.0, rel=0.1)
    assert draw(ThinkTime(0.0, Pause.EXPONENTIAL), random) == 0.0


def test_a_uniform_pause_is_whole_milliseconds_ends_included() -> None:
    """`min` and `max` of Tsung: an integer number of milliseconds."""
    random = Random(1)
    pauses = {draw(ThinkTime(1.0, Pause.UNIFORM, 1.003), random) for _ in range(200)}
    assert pauses == {1.0, 1.001, 1.002, 1.003}


def test_a_pause_that_stands_in_a_text_is_the_users_to_read() -> None:
    """Here nobody knows its variables."""
    with pytest.raises(ValueError, match="%%_x%%"):
        draw(ThinkTime(pause=Pause.FROM_TEXT, text="%%_x%%"), Random(1))
