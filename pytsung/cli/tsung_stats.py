"""`pytsung-stats`: the options of Tsung's tsung_stats.pl, for scripts that call it.

Works in the current directory, as that tool does. Must not know how a report is made.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pytsung import __version__
from pytsung.cli.parser import Parser
from pytsung.cli.report_commands import add_look_options, extent_of, look_of
from pytsung.errors import ExitStatus
from pytsung.report.report import write_report
from pytsung.report.sources import read_run
from pytsung.report.tsung_csv import write_csv_data
from pytsung.report.tsung_data import data_rows
from pytsung.report.tsung_graphs import make_graphs
from pytsung.report.tsung_tables import TsungRow, table_rows

_MADE = ("data", "gnuplot_scripts", "images", "csv", "csv_data")


def run(line: Sequence[str]) -> int:
    """Make the report in the current directory. Raises PytsungError."""
    found = _parser().read([re.sub("^-(?=[a-z]{2})", "--", word) for word in line])
    directory = Path.cwd()
    record = read_run(directory, found.stats)
    before = {child.name for child in directory.iterdir()}
    if found.tdir:
        sys.stderr.write("pytsung-stats: --tdir: templates of Tsung are not used; left out\n")
    found.noplot = found.noplot or found.dygraph
    write_report(record, None, look_of(found), extent_of(found))
    if found.dygraph or found.allgraph:
        write_csv_data(directory, make_graphs(data_rows(record.blocks)))
    for name in _MADE:
        if name not in before and (directory / name).exists():
            sys.stdout.write(f"creating subdirectory {name} \n")
    if found.nohtml:
        for row in table_rows(record.blocks):
            sys.stdout.write(_in_text(row))
    return int(ExitStatus.OK)


def _parser() -> Parser:
    parser = Parser(
        prog="pytsung-stats",
        description="Make the report of a run in the current directory, as tsung_stats.pl does.",
        add_help=False,
        exit_on_error=False,
    )
    add = parser.add_argument
    add("--help", action="help", help="print this text")
    add("--version", action="version", version=f"pytsung {__version__}", help="print the version")
    add("--stats", metavar="FILE", default="tsung.log", help="statistics (%(default)s)")
    add_look_options(add)
    add("--dygraph", action="store_true", help="csv_data/ instead of images")
    add("--allgraph", action="store_true", help="csv_data/ beside the images")
    add("--gnuplot", metavar="CMD", help="accepted: matplotlib draws")
    add("--tdir", metavar="DIR", help="accepted: Tsung's templates are not used")
    add("--verbose", action="store_true", help="accepted")
    add("--debug", action="store_true", help="accepted")
    return parser


def _in_text(row: TsungRow) -> str:
    """Two lines of Tsung's summary in text."""
    is_total = bool(re.search(r"\d", row.name)) or row.name.startswith("size")
    first = "Total" if is_total else "Mean "
    value = row.highest if is_total else row.mean
    name = row.name if is_total else f"{row.name} (max sample)"
    rate = f"Rate  {row.name} (max sample) = {row.highest_rate:7.2f}"
    return f"{first} {name} = {value:7.2f}\n{rate}\n"
