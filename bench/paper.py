"""How graphs of measurements look, and become files: as the report's do.

Lines in the same colours on a dotted grid; text stays text, and the same graph gives the
same bytes. Must not know what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

WIDTH = 7.2  # inches
STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "grid.color": "#bbbbbb",
    "grid.linestyle": ":",
    "legend.fontsize": 8.0,
    "svg.fonttype": "none",  # searchable, and a third of the size
    "svg.hashsalt": "pytsung",
}


class Sheet:
    """A figure to draw on; `svg` is its text when the context of `sheet` has been left."""

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(WIDTH, height), facecolor="#ffffff")
        self.svg = ""


@contextmanager
def sheet(height: float) -> Iterator[Sheet]:
    """A sheet as wide as all others, `height` inches high."""
    with mpl.rc_context(STYLE):
        made = Sheet(height)
        yield made
        file = StringIO()
        made.figure.savefig(file, format="svg", metadata={"Date": None})
        made.svg = file.getvalue()
