"""Charts as HTML with inline SVG: lines that stretch, text that stays readable on a phone.

The drawing stretches to its frame (`preserveAspectRatio="none"`, strokes that do
not scale), while labels are HTML beside it; so no script is needed, and the same
chart serves a wide screen, a phone and paper. Colours are classes, which the style
sheet gives for light and dark. Must not know what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from pytsung.report.axis import Axis, linear_axis, log_axis, time_axis
from pytsung.report.chart import Band, Chart, Heat, Values
from pytsung.report.words import SPELLINGS, moment

WIDTH, HEIGHT = 1000, 300
_SHADES = 6
_NEAR = 0.01  # part of a value, on a chart some two hundred pixels high


def draw(chart: Chart) -> Markup:
    """The chart's frame with axes and drawing."""
    across = time_axis(chart.duration)
    up = _value_axis(chart)
    parts = [
        '<div class="plot"><div class="ylabels" aria-hidden="true">',
        *_y_labels(chart, up),
        '</div><div class="frame">',
        (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
            f' aria-label="{escape(chart.title)}. {escape(chart.text)}">'
        ),
        *_grid(across, up),
        *(_heat(chart, chart.heat, across, up) if chart.heat else ()),
        *(_band(chart, band, across, up) for band in chart.bands),
        *_marks(chart, across),
        *_lines(chart, across, up),
        '</svg><div class="cursor" hidden></div></div><div class="xlabels" aria-hidden="true">',
        *(
            f'<span style="left:{across.part(tick) * 100:.2f}%">{moment(tick)}</span>'
            for tick in across.ticks
        ),
        "</div></div>",
    ]
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - texts are escaped above


def _lines(chart: Chart, across: Axis, up: Axis) -> Iterator[str]:
    """A path for each series; one that another lies upon is drawn broad, to be seen below it."""
    for n, series in enumerate(chart.series):
        others = chart.series[n + 1 :]
        covered = any(_is_covered(series.values, other.values) for other in others)
        style = f"line {series.style}{' covered' if covered else ''}"
        drawn = {
            style: _path(chart, series.values, across, up),
            f"dot {series.style}": _dots(chart, series.values, across, up),
        }
        yield from (f'<path class="{name}" d="{path}"/>' for name, path in drawn.items() if path)


def _is_covered(values: Values, above: Values) -> bool:
    """Whether two series are one for the eye, at half of the places where there is anything."""
    pairs = [(a, b) for a, b in zip(values, above, strict=True) if a]
    near = sum(b is not None and abs(a - b) <= _NEAR * a for a, b in pairs)
    return bool(pairs) and near >= len(pairs) / 2


def _value_axis(chart: Chart) -> Axis:
    if chart.heat is not None:
        return log_axis(chart.heat.rows[0][0], chart.heat.rows[-1][1])
    low, high = chart.lowest_above_zero(), chart.highest()
    if chart.is_logarithmic and low > 0:
        return log_axis(low, high)
    values = [v for series in chart.series for v in series.values if v is not None]
    return linear_axis(min(values, default=0.0), high)


def _y_labels(chart: Chart, up: Axis) -> Iterator[str]:
    spell = SPELLINGS[chart.unit]
    for tick in up.ticks:
        top = (1 - up.part(tick)) * 100
        yield f'<span style="top:{top:.2f}%">{escape(spell(tick))}</span>'


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    lines = [f"M0 {_y(up, tick)}H{WIDTH}" for tick in up.ticks]
    lines += [f"M{_x(across, tick)} 0V{HEIGHT}" for tick in across.ticks]
    yield f'<path class="grid" d="{"".join(lines)}"/>'


def _marks(chart: Chart, across: Axis) -> Iterator[str]:
    for mark in chart.marks:
        x = _x(across, mark.at)
        yield f'<path class="mark" d="M{x} 0V{HEIGHT}"><title>{escape(mark.text)}</title></path>'


def _x(across: Axis, value: float) -> str:
    return f"{across.part(value) * WIDTH:.1f}".removesuffix(".0")


def _y(up: Axis, value: float) -> str:
    return f"{(1 - up.part(value)) * HEIGHT:.1f}".removesuffix(".0")


def _runs(values: Values) -> Iterator[range]:
    """Stretches without a gap."""
    start = None
    for n, value in enumerate(values):
        if value is None:
            if start is not None:
                yield range(start, n)
            start = None
        elif start is None:
            start = n
    if start is not None:
        yield range(start, len(values))


def _points(chart: Chart, values: Values, n: Sequence[int], across: Axis, up: Axis) -> str:
    return "L".join(f"{_x(across, chart.times[i])} {_y(up, values[i] or 0.0)}" for i in n)


def _path(chart: Chart, values: Values, across: Axis, up: Axis) -> str:
    """A line for each stretch of more than one point."""
    lines = (run for run in _runs(values) if len(run) > 1)
    return "".join(f"M{_points(chart, values, run, across, up)}" for run in lines)


def _dots(chart: Chart, values: Values, across: Axis, up: Axis) -> str:
    """A point for each stretch of one: a line of no length, whose round ends are seen."""
    lone = (run for run in _runs(values) if len(run) == 1)
    return "".join(f"M{_points(chart, values, run, across, up)}h0" for run in lone)


def _band(chart: Chart, band: Band, across: Axis, up: Axis) -> str:
    path = "".join(
        f"M{_points(chart, band.upper, run, across, up)}"
        f"L{_points(chart, band.lower, run[::-1], across, up)}Z"
        for run in _runs(band.upper)
    )
    return f'<path class="band {band.style}" d="{path}"/>'


def _heat(chart: Chart, heat: Heat, across: Axis, up: Axis) -> Iterator[str]:
    """A path for each shade: a rectangle for each time and row that was hit.

    Shades are logarithmic in the count, so that single slow answers can be seen
    beside thousands of quick ones.
    """
    most = max((n for column in heat.columns for n in column.values()), default=1)
    paths: list[list[str]] = [[] for _ in range(_SHADES)]
    start = 0.0
    for time, column in zip(chart.times, heat.columns, strict=True):
        left, right = _x(across, start), _x(across, time)
        start = time
        for row, hits in column.items():
            low, high = heat.rows[row]
            shade = min(int(math.log(hits + 1) / math.log(most + 1) * _SHADES), _SHADES - 1)
            corners = f"M{left} {_y(up, low)}H{right}V{_y(up, high)}H{left}Z"
            paths[shade].append(corners)
    for shade, cells in enumerate(paths, start=1):
        if cells:
            yield f'<path class="heat h{shade}" d="{"".join(cells)}"/>'
