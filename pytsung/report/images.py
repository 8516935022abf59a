"""`images/graphes-GROUP-COLUMN.png`: the graphs of Tsung's report, drawn by matplotlib.

Lines with points, a grid, the key at the top left, the first curve red: as gnuplot
draws them. The one module that imports matplotlib, which takes a second. Must not
know where the points come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pytsung.report.look import Look
from pytsung.report.tsung_graphs import X_LABEL, Curve, Graph

COLOURS = ("#c8102e", "#1a7f37", "#0b5fb4", "#9a3ab8", "#b35900", "#00767a", "#6b6b00", "#4d4d4d")
"""Red first, green second, as in Tsung's images; all dark enough for white paper (4.5:1)."""

_MARKERS = "+x*sov^d"
_SIZE = (8.0, 4.95)  # inches at 100 dots: Tsung's 800 × 495
_DOTS = 100
_THUMBNAIL = (320, 198)
_MOST_MARKED = 150  # points; beyond them markers hide the line
_MOST_LABELLED = 20  # curves; beyond them the key hides the graph

# Fixed margins: a layout engine takes three times as long as the drawing.
_MARGINS = {"left": 0.095, "right": 0.98, "top": 0.93, "bottom": 0.105}

_STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "font.size": 9.0,
    "grid.color": "#bbbbbb",
    "grid.linestyle": ":",
    "legend.fontsize": 8.0,
    "svg.fonttype": "none",  # text stays text: searchable, and a third of the size
    "svg.hashsalt": "pytsung",  # the same graph gives the same file
}


def write_images(directory: Path, graphs: Sequence[Graph], look: Look) -> None:
    """Draw every graph into `directory/images`, each with its thumbnail."""
    folder = directory / "images"
    folder.mkdir(exist_ok=True)
    with mpl.rc_context(_STYLE):
        for graph in graphs:
            _write(_draw(graph, look), folder / graph.name, look)


def _write(figure: Figure, path: Path, look: Look) -> None:
    """The picture is drawn once; PNG and thumbnail are made of its pixels."""
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib's canvases are not typed
    canvas.draw()
    width, height = canvas.get_width_height()
    pixels = Image.frombuffer("RGBA", (width, height), canvas.buffer_rgba()).convert("RGB")
    thumbnail = pixels.resize(_THUMBNAIL, Image.Resampling.LANCZOS)
    thumbnail.save(path.with_name(path.name + "_tn.png"))
    if look.image_format == "png":
        pixels.save(path.with_name(path.name + ".png"))
    else:
        figure.savefig(path.with_name(f"{path.name}.{look.image_format}"))
    if look.with_svg and look.image_format != "svg":
        figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})


def _draw(graph: Graph, look: Look) -> Figure:
    figure = Figure(figsize=_SIZE, dpi=_DOTS)
    figure.subplots_adjust(**_MARGINS)
    axes = figure.add_subplot()
    for number, curve in enumerate(graph.curves):
        _plot(axes, curve, number)
    axes.set_title(graph.column.title, parse_math=False)
    axes.set_xlabel(X_LABEL)
    axes.set_ylabel(graph.column.unit)
    axes.grid(visible=True)
    _scale(axes, graph, look)
    if look.rotated_labels:
        axes.tick_params("x", labelrotation=90)
    if len(graph.curves) <= _MOST_LABELLED:
        legend = axes.legend(loc="upper left", framealpha=0.8, edgecolor="none")
        for text in legend.get_texts():
            text.set_parse_math(False)  # a name is no formula
    return figure


def _plot(axes: Axes, curve: Curve, number: int) -> None:
    marker = _MARKERS[number % len(_MARKERS)] if len(curve.points) <= _MOST_MARKED else None
    colour = COLOURS[number % len(COLOURS)]
    times = [time for time, _ in curve.points]
    values = [value for _, value in curve.points]
    label = curve.label if not curve.label.startswith("_") else f" {curve.label}"
    axes.plot(times, values, color=colour, linewidth=1.2, marker=marker, markersize=4, label=label)


def _scale(axes: Axes, graph: Graph, look: Look) -> None:
    """From zero up, unless the axis is logarithmic and there is something to show on it."""
    values = [value for curve in graph.curves for _, value in curve.points]
    if look.logarithmic and any(value > 0 for value in values):
        axes.set_yscale("log", nonpositive="mask")
    elif all(value >= 0 for value in values):
        axes.set_ylim(bottom=0, top=None if any(values) else 1)
    times = [time for curve in graph.curves for time, _ in curve.points]
    axes.set_xlim(left=min(times), right=max(times) if max(times) > min(times) else min(times) + 1)
