"""A report, whole: pages, graphs, data for other programs, beside the run that they are of.

Must not know the command line, nor how any of its parts is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytsung.errors import LogDirectoryError
from pytsung.report.csv_files import write_csv
from pytsung.report.gnuplot import write_scripts
from pytsung.report.look import Look
from pytsung.report.page import REPORT, write_pages
from pytsung.report.record import RunRecord
from pytsung.report.tsung_data import data_rows, write_data
from pytsung.report.tsung_graphs import make_graphs


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a report is wanted.

    Without `all_images` only those that `graph.html` shows first are drawn: a
    quarter of the time.
    """

    html: bool = True
    images: bool = True
    all_images: bool = True
    host_graphs: bool = True


def write_report(
    record: RunRecord,
    directory: Path | None = None,
    look: Look | None = None,
    extent: Extent | None = None,
) -> Path:
    """Write the report of a run into `directory` (its own), and give the page's path.

    Files that are there are overwritten, none is removed. Raises LogDirectoryError
    when one cannot be written.
    """
    directory = record.directory if directory is None else directory
    try:
        _write(record, directory, look or Look(), extent or Extent())
    except OSError as error:
        where = error.filename or directory
        raise LogDirectoryError(
            f"{where}: the report cannot be written: {error.strerror or error};"
            " free some space there, or name another directory with --output"
        ) from error
    return directory / REPORT


def _write(record: RunRecord, directory: Path, look: Look, extent: Extent) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    rows = data_rows(record.blocks)
    write_data(directory, rows)
    write_csv(directory, record)
    graphs = make_graphs(rows)
    if not extent.host_graphs:
        graphs = [graph for graph in graphs if ":" not in graph.curves[0].plain]
    write_scripts(directory, graphs, look)
    drawn = [graph for graph in graphs if extent.all_images or graph.column.in_page]
    if extent.images:
        from pytsung.report.images import write_images  # noqa: PLC0415 - costs a second

        write_images(directory, drawn, look)
    if extent.html:
        write_pages(directory, record, drawn if extent.images else None, look)
