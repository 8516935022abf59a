"""The commands in place of Tsung's small tools: percentile, plot, log2tsung; and bundle.

Must not know how anything is calculated or drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pytsung.cli.command_parser import command_parser, refuse_more
from pytsung.errors import ExitStatus, UsageError
from pytsung.report import words
from pytsung.report.access_log import configuration, read_visits
from pytsung.report.bundle import write_bundle
from pytsung.report.fullstats import percentile_text, read_fullstats
from pytsung.report.plotter import curves, read_plots
from pytsung.report.record import RunRecord, ordered
from pytsung.report.sources import newest_run, read_run

FULLSTATS = "tsung-fullstats.log"


def percentile(line: Sequence[str]) -> int:
    """`pytsung percentile [LOGDIR]`: of one of our runs, or of Tsung's fullstats."""
    parser = command_parser(
        "percentile",
        "[LOGDIR]",
        "Percentiles of all statistics of a run, or of the times in tsung-fullstats.log.",
    )
    add = parser.add_argument
    add("--stats", metavar="FILE", help=f"read this {FULLSTATS}, as tsung_percentile.pl does")
    add(
        "--percentiles",
        metavar="N",
        action="append",
        type=float,
        default=[],
        help="which ones; repeatable (50, 90, 95, 98, 99; of fullstats 95, 98)",
    )
    found = parser.read(line)
    refuse_more(found.words, 1)
    wrong = [percent for percent in found.percentiles if not 0 <= percent <= 100]
    if wrong:
        raise UsageError(f"--percentiles {wrong[0]:g}: there is no such percentile; use 0 to 100")
    if found.stats:
        percents = [round(percent) for percent in found.percentiles] or [95, 98]
        path = Path(found.stats)
        sys.stdout.write(percentile_text(path, read_fullstats(path), percents))
        return int(ExitStatus.OK)
    root = Path(found.log_dir).expanduser()
    record = read_run(Path(found.words[0]) if found.words else newest_run(root))
    if not record.is_ours:
        raise UsageError(
            f"{record.directory}: Tsung wrote this run, without percentiles;"
            f" name its {FULLSTATS} with --stats, if it has one"
        )
    sys.stdout.write(_table(record, found.percentiles or [50, 90, 95, 98, 99]))
    return int(ExitStatus.OK)


def _table(record: RunRecord, percents: Sequence[float]) -> str:
    lines = [["", "count", *(f"p{percent:g}" for percent in percents)]]
    for name in ordered(record.samples):
        samples = record.samples[name]
        times = [words.time(value) for value in samples.percentiles(percents)]
        lines.append([name, f"{samples.count:,}", *times])
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "".join(
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + "\n"
        for line in lines
    )


def plot(line: Sequence[str]) -> int:
    """`pytsung plot "Legend" LOG …`: charts by a configuration of tsplot."""
    parser = command_parser(
        "plot",
        '"LEGEND" LOG ["LEGEND" LOG …]',
        "Draw runs into the same charts, as Tsung's tsplot does.\n"
        "LOG is a tsung.log or its directory.",
    )
    add = parser.add_argument
    add("-c", "--config", metavar="FILE", help="a configuration of tsplot (a small one)")
    add("-d", "--outdir", metavar="DIR", default="/tmp/tsung", help="(%(default)s)")  # noqa: S108 - tsplot's own default
    add("-v", action="store_true", help="say which charts are made")
    found = parser.read(line)
    if not found.words or len(found.words) % 2:
        raise UsageError("plot: give a legend before each log: pytsung plot Before run1 After run2")
    plots = read_plots(Path(found.config).expanduser() if found.config else None)
    pairs = zip(found.words[::2], found.words[1::2], strict=True)
    runs = [(legend, read_run(Path(log).expanduser()).blocks) for legend, log in pairs]
    directory = Path(found.outdir).expanduser()
    directory.mkdir(parents=True, exist_ok=True)
    from pytsung.report.plot_images import write_plot  # noqa: PLC0415 - matplotlib costs a second

    for one in plots:
        path = write_plot(directory, one, curves(one, runs))
        if found.v:
            sys.stdout.write(f"{path}\n")
    return int(ExitStatus.OK)


def log2tsung(line: Sequence[str]) -> int:
    """`pytsung log2tsung ACCESS_LOG`: sessions from a web server's log, to stdout."""
    parser = command_parser(
        "log2tsung",
        "[ACCESS_LOG]",
        "Make a configuration of the visits in an access log (Combined format), on stdout.",
    )
    add = parser.add_argument
    add("--tt", metavar="N", type=float, default=1.0, help="think time above N seconds (1)")
    add("--st", metavar="N", type=int, default=2, help="sessions of more than N requests (2)")
    add(
        "--visit_timeout",
        "--visit-timeout",
        metavar="N",
        type=float,
        default=600.0,
        help="a pause above N seconds begins a new session (600)",
    )
    add("--verbose", action="store_true", help="say what was read on stderr")
    found = parser.read(line)
    refuse_more(found.words, 1)
    if found.words:
        try:
            with Path(found.words[0]).open(encoding="utf-8", errors="replace") as file:
                visits = read_visits(file, pause=found.visit_timeout)
        except OSError as error:
            raise UsageError(f"{found.words[0]}: cannot be read: {error.strerror}") from error
    else:
        visits = read_visits(sys.stdin, pause=found.visit_timeout)
    sys.stdout.write(configuration(visits, think=found.tt, fewest=found.st))
    if found.verbose or not visits.by_name:
        hits = sum(len(visit) for visit in visits.by_name.values())
        text = f"{len(visits.by_name)} visits, {hits} requests, {visits.bad_lines} bad lines\n"
        sys.stderr.write(text)
    return int(ExitStatus.OK)


def bundle(line: Sequence[str]) -> int:
    """`pytsung bundle [LOGDIR]`: a run in one file."""
    parser = command_parser(
        "bundle", "[LOGDIR]", "Pack what somebody else needs to look at a run, or to repeat it."
    )
    add = parser.add_argument
    add("-o", "--output", metavar="FILE", help="(NAME.tar.gz in the current directory)")
    add("--mask", action="store_true", help="replace host names, addresses and secrets")
    found = parser.read(line)
    refuse_more(found.words, 1)
    root = Path(found.log_dir).expanduser()
    directory = Path(found.words[0]).expanduser() if found.words else newest_run(root)
    read_run(directory)  # what is no run is refused
    default = "run.tar.gz" if found.mask else f"{directory.resolve().name}.tar.gz"
    output = Path(found.output or default)
    names = write_bundle(directory, output, mask=found.mask)
    sys.stdout.write(f"{output}: {', '.join(names)}\n")
    return int(ExitStatus.OK)
