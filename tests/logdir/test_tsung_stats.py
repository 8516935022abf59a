"""Tsung's own report tool must take our files for Tsung's: people have scripts around it.

Needs `tsung_stats.pl` of Debian's `tsung`; the test installs nothing.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import RunSummary, read_summary
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict
from tests.golden.runs import SECONDS, STARTED, small_run

PLAN = PlanFigures("24 users", "small.xml", 24, 1, 8.0, 1, 1, ("127.0.0.1:1",))
INSTALL = "apt-get install --no-install-recommends tsung perl libtemplate-perl gnuplot-nox"


def report_tool() -> Path:
    """The tool, or a skip that says how to get it."""
    places = [Path(path) for path in (shutil.which("tsung_stats.pl"),) if path]
    places += sorted(Path("/usr/lib").glob("*/tsung/bin/tsung_stats.pl"))
    places += sorted(Path("/usr/lib/tsung/bin").glob("tsung_stats.pl"))
    if not places:
        pytest.skip(f"no tsung_stats.pl here: {INSTALL}")
    return places[0]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A log directory as a run leaves it."""
    log = RunLog(tmp_path, host="bench")
    totals = RunTotals()
    for interval in small_run():
        if interval.index % 10 == 8:
            log.host("bench", cpu=12.5, free_memory=2048.5, load=0.75)
            log.host("web1", cpu=25.0, free_memory=1024.0, load=0.5)
        log.interval(interval, {"localhost": interval}, STARTED + interval.index + 1)
        totals.add(interval)
    summary = RunSummary.of(
        totals, verdict=Verdict("clean"), plan=PLAN, started_at="2023-11-14", duration=24.0
    )
    log.finish(summary, STARTED + SECONDS)
    return tmp_path


def run_tool(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(report_tool()), *options],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def maximum(report: str, name: str) -> float:
    """The highest value that the report's table of gauges and counters gives."""
    found = re.search(rf">\s*{name}\s*</t[dh]>(?:\s*<td[^>]*>([^<]*)</td>)+", report)
    assert found, f"{name} is not in the report"
    return float(found[1])


def test_the_report_tool_has_nothing_to_complain_of(directory: Path) -> None:
    """A Perl warning names a file and a line; every one is a value it could not read."""
    if not shutil.which("gnuplot"):
        pytest.skip(f"no gnuplot here: {INSTALL}")
    done = run_tool(directory)
    assert " line " not in done.stderr + done.stdout
    assert "uninitialized" not in done.stderr + done.stdout
    assert (directory / "report.html").exists()


def test_the_reports_maxima_are_those_of_the_summary(directory: Path) -> None:
    """Two files of one run that disagree make both worthless."""
    run_tool(directory, "--noplot")
    report = (directory / "report.html").read_text()
    summary = read_summary(directory)
    assert maximum(report, "users") == summary.users.peak == 24
    assert maximum(report, "connected") == summary.connections.peak == 24
    assert maximum(report, "users_count") == summary.users.started == 24


def test_the_report_sees_the_last_block(directory: Path) -> None:
    """All sessions of this run end in it; the tool loses blocks that took no time."""
    run_tool(directory, "--noplot")
    report = (directory / "report.html").read_text()
    assert maximum(report, "finish_users_count") == 24
