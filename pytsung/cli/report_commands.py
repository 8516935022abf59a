"""The commands that judge what runs left behind: report and compare.

Each takes its own options after its name. Must not know how anything is made of a
log directory: `pytsung.report` does that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pytsung.cli.command_parser import command_parser, refuse_more
from pytsung.errors import ExitStatus, UsageError
from pytsung.report.checks import junit_xml, measured
from pytsung.report.compare_page import comparison_text, write_comparison
from pytsung.report.comparison import compare_runs
from pytsung.report.hdr_log import write_hdr_log
from pytsung.report.look import IMAGE_FORMATS, Look
from pytsung.report.record import RunRecord
from pytsung.report.relative import RelativeLimit
from pytsung.report.report import Extent, write_report
from pytsung.report.sources import newest_run, read_alike, read_run
from pytsung.stats.thresholds import Crossing, Threshold


def add_look_options(add: Callable[..., argparse.Action]) -> None:
    """How graphs look, in the words of tsung_stats.pl."""
    add("--logy", action="store_true", help="logarithmic y axes")
    add("--rotate-xtics", action="store_true", help="upright labels on the x axis")
    add(
        "--img_format",
        "--img-format",
        metavar="FORMAT",
        choices=IMAGE_FORMATS,
        default="png",
        help=f"format of the images: {', '.join(IMAGE_FORMATS)} (%(default)s)",
    )
    add("--title", metavar="TEXT", default="Tsung", help="first word of the page's title")
    add("--noplot", action="store_true", help="no images")
    add("--nohtml", action="store_true", help="no pages")
    add("--noextra", action="store_true", help="no graphs of monitored hosts")


def look_of(found: argparse.Namespace, *, with_svg: bool = False) -> Look:
    """What the options of `add_look_options` say."""
    return Look(found.img_format, with_svg, found.logy, found.rotate_xtics, found.title)


def extent_of(found: argparse.Namespace) -> Extent:
    """What the options of `add_look_options` leave out."""
    return Extent(html=not found.nohtml, images=not found.noplot, host_graphs=not found.noextra)


def log_directory(words: Sequence[str], root: str) -> Path:
    """The directory that was named, or the newest run's."""
    return Path(words[0]).expanduser() if words else newest_run(Path(root).expanduser())


def report(line: Sequence[str]) -> int:
    """`pytsung report [LOGDIR]`."""
    parser = command_parser(
        "report", "[LOGDIR]", "Make the report of a run; of the newest one below -l."
    )
    add = parser.add_argument
    add("-o", "--output", metavar="DIR", help="write it there, not into the log directory")
    add("--stats", metavar="FILE", default="tsung.log", help="Tsung's statistics (%(default)s)")
    add_look_options(add)
    add("--threshold", metavar="'NAME: LIMIT'", action="append", default=[], help="as for start")
    add("--junit", metavar="FILE", help="write verdict and thresholds as JUnit XML")
    add("--hdr", metavar="FILE", help="write the histograms in HdrHistogram's log format")
    found = parser.read(line)
    refuse_more(found.words, 1)
    thresholds = [Threshold.parse(text) for text in found.threshold]
    record = read_run(log_directory(found.words, found.log_dir), found.stats)
    output = Path(found.output).expanduser() if found.output else None
    page = write_report(record, output, look_of(found, with_svg=True), extent_of(found))
    sys.stdout.write(f"{page}\n")
    for fault in record.faults:
        sys.stderr.write(f"pytsung: {fault}\n")
    crossings = [*record.summary.thresholds, *_check(record, thresholds)]
    for crossing in crossings:
        _say(crossing.threshold, crossing.kept, measured(crossing))
    if found.hdr:
        _need_ours(record, "--hdr")
        write_hdr_log(record, Path(found.hdr))
    if found.junit:
        summary = replace(record.summary, thresholds=tuple(crossings))
        Path(found.junit).write_bytes(junit_xml(summary))
    if record.faults:
        return int(ExitStatus.INVALID)
    if any(not crossing.kept for crossing in crossings):
        return int(ExitStatus.THRESHOLD_CROSSED)
    return int(ExitStatus.OK)


def _check(record: RunRecord, thresholds: Sequence[Threshold]) -> list[Crossing]:
    """Thresholds held against a run that is over; only ours kept what they need."""
    if thresholds:
        _need_ours(record, "--threshold")
    return [threshold.check(record.totals, record.duration) for threshold in thresholds]


def _need_ours(record: RunRecord, what: str) -> None:
    if not record.is_ours:
        raise UsageError(
            f"{record.directory}: {what} needs the histograms of a run of pytsung,"
            " and Tsung wrote this one; leave it out"
        )


def compare(line: Sequence[str]) -> int:
    """`pytsung compare A B …`."""
    parser = command_parser(
        "compare",
        "A B …",
        "Compare runs with the first one: what differs beyond noise, and what does not.",
    )
    add = parser.add_argument
    add("-o", "--output", metavar="DIR", help="write compare.html there, with overlaid graphs")
    add(
        "--threshold",
        metavar="'NAME: LIMIT'",
        action="append",
        default=[],
        help="such as 'request: p(95)<+10%%' against A, or as for start; repeatable",
    )
    found = parser.read(line)
    if len(found.words) < 2:
        raise UsageError("compare: fewer than two runs; name the log directories of two or more")
    relative = [RelativeLimit.parse(text) for text in found.threshold if "%" in text]
    absolute = [Threshold.parse(text) for text in found.threshold if "%" not in text]
    runs = read_alike([Path(word).expanduser() for word in found.words])
    comparisons = [compare_runs(runs[0], other) for other in runs[1:]]
    sys.stdout.write(comparison_text(runs, comparisons))
    if found.output:
        page = write_comparison(Path(found.output).expanduser(), runs, comparisons)
        sys.stdout.write(f"{page}\n")
    is_kept = [_say(limit.text, not limit.is_crossed(c)) for c in comparisons for limit in relative]
    for run in runs:
        is_kept += [_say(one.threshold, one.kept, measured(one)) for one in _check(run, absolute)]
    return int(ExitStatus.OK if all(is_kept) else ExitStatus.THRESHOLD_CROSSED)


def _say(threshold: str, kept: bool, figure: str = "") -> bool:
    note = f" ({figure})" if figure else ""
    sys.stderr.write(f"threshold    {threshold}  {'kept' if kept else 'CROSSED'}{note}\n")
    return kept
