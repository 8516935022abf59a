"""`csv_data/graphes-GROUP-COLUMN.csv`: Tsung's data for its interactive charts (`--dygraph`).

A head line of curve names, a row for each time; rows join on their time, where
Tsung joins on their number. Must not know images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytsung.report.tsung_graphs import Graph


def write_csv_data(directory: Path, graphs: Sequence[Graph]) -> None:
    """Write a file for each graph; every row ends with a blank, as Tsung's do."""
    folder = directory / "csv_data"
    folder.mkdir(exist_ok=True)
    for graph in graphs:
        columns = [dict(curve.points) for curve in graph.curves]
        lines = [",".join(["time", *(curve.label for curve in graph.curves)])]
        for time in sorted({time for column in columns for time in column}):
            cells = [f"{column[time]:.15g}" if time in column else "" for column in columns]
            lines.append(",".join([f"{time:.15g}", *cells]))
        text = "".join(f"{line} \n" for line in lines)
        (folder / f"{graph.name}.csv").write_text(text, encoding="utf-8")
