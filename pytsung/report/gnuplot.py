"""`gnuplot_scripts/graphes-GROUP.gplot`: the graphs as gnuplot draws them, to be changed at will.

They read `data/` and write `images/`: run them in the log directory. Must not know
matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from pytsung.report.look import Look
from pytsung.report.tsung_graphs import X_LABEL, Graph

_TERMINALS = {
    "png": "pngcairo size 800,495",
    "svg": "svg size 800,495",
    "pdf": "pdfcairo",
    "ps": "postscript color",
}


def write_scripts(directory: Path, graphs: Sequence[Graph], look: Look) -> None:
    """Write a script for each group."""
    folder = directory / "gnuplot_scripts"
    folder.mkdir(exist_ok=True)
    for name, members in groupby(graphs, key=lambda graph: graph.group.name):
        text = _script(list(members), look)
        (folder / f"graphes-{name}.gplot").write_text(text, encoding="utf-8")


def _script(graphs: Sequence[Graph], look: Look) -> str:
    head = [
        f"set terminal {_TERMINALS[look.image_format]}",
        "set grid",
        "set key top left",
        "set style data linespoints",
        f"set xlabel {_quoted(X_LABEL)}",
    ]
    if look.logarithmic:
        head.append("set logscale y")
    if look.rotated_labels:
        head.append("set xtics rotate")
    return "\n".join([*head, *(_plot(graph, look) for graph in graphs)]) + "\n"


def _plot(graph: Graph, look: Look) -> str:
    curves = ", \\\n     ".join(
        f"{_quoted(f'data/{curve.plain}.txt')} using 1:{curve.field} title {_quoted(curve.label)}"
        for curve in graph.curves
    )
    from_zero = not look.logarithmic and graph.lowest >= 0
    return f"""
set output {_quoted(f"images/{graph.name}.{look.image_format}")}
set title {_quoted(graph.column.title)} noenhanced
set ylabel {_quoted(graph.column.unit)}
set yrange [{"0" if from_zero else "*"}:*]
set key noenhanced
plot {curves}"""


def _quoted(text: str) -> str:
    """A gnuplot string that nothing is expanded in; within it, a quote is written twice."""
    return "'" + text.replace("'", "''") + "'"
