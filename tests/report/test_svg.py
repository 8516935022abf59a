"""What a chart draws must be seen: also where one line lies upon another."""

from __future__ import annotations

import re

import pytest

from pytsung.report.chart import Chart, Series, Values
from pytsung.report.svg import draw


def styles(*lines: Values) -> list[str]:
    """The class of each line of a chart of these, in order."""
    times = [float(n + 1) for n in range(len(lines[0]))]
    series = [Series(f"s{n}", values, f"c{n}") for n, values in enumerate(lines)]
    chart = Chart("k", "t", "count", times, float(len(times)), series=series)
    return re.findall(r'class="(line [^"]*)"', draw(chart))


@pytest.mark.parametrize(
    ("above", "is_covered"),
    [
        ([1.0, 2.0, 3.0, 4.0], True),
        ([1.005, 2.005, 3.005, 4.005], True),  # one line for the eye
        ([1.0, 2.0, 9.0, 9.0], True),  # half of it
        ([1.0, 9.0, 9.0, None], False),
        ([2.0, 3.0, 4.0, 5.0], False),
    ],
)
def test_a_line_below_another_is_drawn_broad(above: Values, is_covered: bool) -> None:
    """Every user has a connection, so both lines are one; a reader must see that there are two."""
    below, top = styles([1.0, 2.0, 3.0, 4.0], above)
    assert ("covered" in below) is is_covered
    assert top == "line c1"


def test_lines_that_are_both_nothing_cover_nothing() -> None:
    """Before the first user everything is 0."""
    assert styles([0.0, 0.0, 5.0], [0.0, 0.0, 1.0]) == ["line c0", "line c1"]


def test_a_single_point_is_a_dot() -> None:
    """A run of one second has no line, and must not look as if it had no figures either."""
    chart = Chart(
        "k", "t", "count", [1.0, 2.0, 3.0], 3.0, series=[Series("s", [5.0, None, 6.0], "c1")]
    )
    drawing = draw(chart)
    assert re.search(r'class="dot c1" d="M[\d. ]+h0M[\d. ]+h0"', drawing)
    assert 'class="line' not in drawing
