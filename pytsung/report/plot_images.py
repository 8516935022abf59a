"""The charts of `pytsung plot`, drawn by matplotlib. Must not know configuration files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pytsung.report.plotter import Plot, PlotCurve


def write_plot(directory: Path, plot: Plot, curves: Sequence[PlotCurve]) -> Path:
    """Write `NAME.png` and its thumbnail `NAME_tn.png`; gives the image's path."""
    figure = Figure(figsize=(8, 6))
    axes = figure.add_subplot()
    if plot.is_bar:
        _bars(figure, curves)
    else:
        for curve in curves:
            axes.plot(curve.times, curve.values, curve.style, label=curve.legend, markersize=4)
    axes.set_title(plot.title)
    axes.set_xlabel("" if plot.is_bar else plot.xlabel)
    axes.set_ylabel(plot.ylabel)
    axes.set_yscale(plot.yscale)
    axes.grid(visible=True, linestyle=":")
    if curves and not plot.is_bar:
        position: Any = int(plot.position) if plot.position.isdigit() else plot.position
        axes.legend(loc=position)
    path = directory / f"{plot.name}.{plot.image_type}"
    figure.savefig(path, dpi=plot.dpi)
    figure.savefig(path.with_stem(f"{path.stem}_tn"), dpi=plot.thumbnail_dpi)
    return path


def _bars(figure: Figure, curves: Sequence[PlotCurve]) -> None:
    """The last value of each run, with its change to the first one's."""
    axes = figure.axes[0]
    heights = [curve.values[-1] for curve in curves]
    bars = axes.bar([curve.legend for curve in curves], heights)
    first = heights[0] if heights else 0
    labels = [f"{height:.4g}" for height in heights]
    if first:
        labels[1:] = [
            f"{height:.4g} ({(height / first - 1) * 100:+.1f} %)" for height in heights[1:]
        ]
    axes.bar_label(bars, labels)
