"""A graph of curves: what one costs, as a multiple of the least, at every size.

A level line is a cost in proportion. Must not know what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from bench.growth.curve import BEND, Curve
from bench.paper import sheet
from pytsung.report.images import COLOURS

_HEIGHT = 3.6  # inches
_MARKERS = "os^Dvp"
_MARGINS = {"left": 0.085, "right": 0.98, "top": 0.91, "bottom": 0.14}


def draw(curves: Sequence[Curve], things: str, file: Path) -> None:
    """Write the graph, an SVG of some 15 KB."""
    with sheet(_HEIGHT) as paper:
        paper.figure.subplots_adjust(**_MARGINS)
        axes = paper.figure.add_subplot()
        for number, curve in enumerate(curves):
            axes.plot(
                [point.size for point in curve.points],
                [curve.times_smallest(point) for point in curve.points],
                color=COLOURS[number % len(COLOURS)],
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
                linewidth=1.2,
                label=f"{curve.name} (1 = {curve.spell(curve.smallest().each)})",
            )
        axes.axhline(BEND, color="#444444", linewidth=0.8, linestyle="--")
        axes.set_xscale("log")
        axes.set_yscale("log")
        _spell_out(axes, sorted({point.size for curve in curves for point in curve.points}))
        axes.set_title(f"What one costs, × the least: level is linear, above {BEND:g} it is not")
        axes.set_xlabel(things)
        axes.grid(visible=True)
        axes.legend(loc="best", framealpha=0.8, edgecolor="none")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(paper.svg, encoding="utf-8")


def _spell_out(axes: Any, sizes: Sequence[int]) -> None:
    """Numbers, not powers of ten; and a scale that shows a quarter more, even of level curves."""
    axes.set_xticks(sizes)
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.9), max(high, 3.0))
    axes.set_yticks(
        [n for n in (1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500) if n <= high * 2]
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
