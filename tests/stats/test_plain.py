"""What is written down of samples must be what was measured, on every way and after years."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.stats import SampleSummary
from pytsung.stats.plain import summary_from_plain, summary_to_plain


@given(st.lists(st.floats(1e-7, 1e4), max_size=30))
def test_what_is_written_is_what_is_read(values: list[float]) -> None:
    """Count, mean, spread, extremes, histogram: through JSON and back."""
    summary = SampleSummary.of(values)
    plain = json.loads(json.dumps(summary_to_plain(summary), allow_nan=False))
    assert summary_from_plain(plain) == summary


def test_the_form_is_the_documented_one() -> None:
    """Other people's programs read it: 1.0 is 0x3f800000 as a single, 2.0 is 0x40000000."""
    plain = summary_to_plain(SampleSummary.of([1.0, 1.0, 2.0]))
    assert plain[0] == 3
    assert plain[3:] == [1.0, 2.0, [0x3F80, 2, 0x4000 - 0x3F80, 1]]


def test_nothing_is_a_word_of_its_own() -> None:
    """JSON has none for the infinite extremes of no sample."""
    assert summary_to_plain(SampleSummary()) == [0]
    assert summary_from_plain([0]).maximum == -math.inf


def test_figures_that_a_newer_version_added_are_left_out() -> None:
    """An old report must be able to read a new run."""
    summary = SampleSummary.of([1.0])
    assert summary_from_plain([*summary_to_plain(summary), "later"]) == summary


@pytest.mark.parametrize("plain", [[], [1], [1, 2.0, 0.0, 1.0, 3.0, [1]], [1, 2, 3, 4, 5, 6]])
def test_anything_else_is_refused(plain: list[object]) -> None:
    """In words that the readers of files and messages know."""
    with pytest.raises((IndexError, TypeError, ValueError)):
        summary_from_plain(plain)
