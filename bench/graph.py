"""Lines over time as an SVG: for figures that a table would hide.

One panel below the other, each with its own unit; every axis begins at zero, so that
what looks flat is flat. Must not know what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.paper import sheet
from pytsung.report.images import COLOURS

PANEL, MARGIN = 1.55, 0.25
"""Inches: of one panel, and below the last one."""


@dataclass(frozen=True, slots=True)
class Panel:
    """`lines` are values by name, one for each of the graph's times."""

    title: str
    lines: Mapping[str, Sequence[float]]


def draw(times: Sequence[float], panels: Sequence[Panel]) -> str:
    """The graph; `times` are minutes since the beginning, ascending."""
    with sheet(PANEL * len(panels) + MARGIN) as paper:
        every = paper.figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(every, panels, strict=True):
            for number, (name, values) in enumerate(panel.lines.items()):
                colour = COLOURS[number % len(COLOURS)]
                gid = f"{panel.title}: {name}"
                axes.plot(times, values, color=colour, linewidth=1.2, label=name, gid=gid)
            axes.set_title(panel.title, loc="left", fontsize="medium")
            axes.set_ylim(0, 1.1 * max(max(v, default=0.0) for v in panel.lines.values()) or 1.0)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axes.grid(visible=True)
            if len(panel.lines) > 1:
                above = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.98), "frameon": False}
                axes.legend(ncols=len(panel.lines), **above)
        every[-1].set_xlim(0, times[-1] if times else 1.0)
        every[-1].set_xlabel("minutes")
        paper.figure.tight_layout()
    return paper.svg
