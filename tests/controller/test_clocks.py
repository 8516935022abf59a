"""All agents begin at one instant only if their clocks are known; and by how much they are not."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from pytsung.controller.clocks import ClockComparison

delays = st.floats(0.00001, 2.0)
offsets = st.floats(-1e6, 1e6)


@given(offsets, offsets, st.lists(st.tuples(delays, delays), min_size=1, max_size=10))
def test_an_offset_is_never_further_off_than_its_uncertainty(
    offset: float, unix_offset: float, ways: list[tuple[float, float]]
) -> None:
    """However unlike the ways there and back are: it is what a start is trusted by."""
    clocks = ClockComparison()
    at, began = 1000.0, 1.7e9
    for number, (there, back) in enumerate(ways):
        clocks.ask(number, at)
        read = at + there
        at = read + back
        clocks.answer(number, read + offset, began + read + unix_offset, at=at, unix=began + at)
    assert clocks.uncertainty <= min(sum(way) for way in ways) / 2 + 1e-6
    for found, true in ((clocks.offset, offset), (clocks.unix_offset, unix_offset)):
        doubt = clocks.uncertainty if found else 2 * clocks.uncertainty
        assert abs(found - true) <= doubt + 1e-5


def test_the_quickest_exchange_counts() -> None:
    """A busy moment in between spoils nothing."""
    clocks = ClockComparison()
    clocks.ask(0, 0.0)
    clocks.answer(0, 100.0, 100.0, at=2.0, unix=2.0)
    assert (clocks.uncertainty, clocks.offset) == (1.0, 99.0)
    clocks.ask(1, 10.0)
    clocks.answer(1, 100.5, 100.5, at=10.5, unix=10.5)
    assert (clocks.uncertainty, clocks.offset) == (0.25, 90.25)
    clocks.ask(2, 20.0)
    clocks.answer(2, 500.0, 500.0, at=26.0, unix=26.0)
    assert (clocks.uncertainty, clocks.offset) == (0.25, 90.25)


def test_two_agents_of_one_machine_share_its_clock() -> None:
    """A difference of nothing must not be made one by the time that asking takes."""
    clocks = ClockComparison()
    clocks.ask(0, 5.0)
    clocks.answer(0, 5.0001, 1700000005.0001, at=5.001, unix=1700000005.001)
    assert (clocks.offset, clocks.unix_offset) == (0.0, 0.0)


def test_an_answer_to_no_question_is_none() -> None:
    """A late or a foreign one must not become the best of all."""
    clocks = ClockComparison()
    clocks.answer(7, 1.0, 1.0, at=0.0, unix=0.0)
    assert clocks.uncertainty == math.inf
