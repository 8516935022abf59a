"""What a report of a long, varied run costs.

    python -m bench.report [--intervals 1000] [--statistics 200]

Answers: how long `pytsung report` takes, images included, and how much memory, for a
log of 1,000 seconds with 200 statistics (half of them counters, half of them samples
with full histograms). The log is made here, from a fixed seed; the report is made by
the real command, in a process of its own. 15 s and 400 MB are the limits. Takes about
half a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.machine import describe_machine
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import RunSummary
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict

SECONDS_LIMIT = 15.0
MEMORY_LIMIT = 400e6
STARTED = 1_700_000_000.0
USERS_A_SECOND = 20
SAMPLES_A_SECOND = 40


def intervals(count: int, statistics: int, random: Random) -> Iterator[Interval]:
    """Seconds of a run; every second half of the statistics has samples, the others count."""
    errors = [f"error_connect_{n}" for n in range(statistics // 10)]
    codes = [str(code) for code in range(200, 200 + statistics // 10)]
    others = [f"count_{n}" for n in range(statistics // 2 - len(errors) - len(codes))]
    transactions = [f"tr_step_{n}" for n in range(statistics // 2 - 4)]
    for index in range(count):
        samples = {
            name: SampleSummary.of(
                [random.lognormvariate(-4, 0.8) for _ in range(SAMPLES_A_SECOND)]
            )
            for name in ("request", "connect", "page", "session", *transactions)
        }
        yield Interval(
            index,
            users_started=USERS_A_SECOND,
            users_finished=USERS_A_SECOND if index else 0,
            users_open=USERS_A_SECOND,
            connections_opened=USERS_A_SECOND,
            connections_closed=USERS_A_SECOND if index else 0,
            connections_open=USERS_A_SECOND,
            counters={name: random.randrange(1, 50) for name in (*errors, *codes, *others)},
            samples=samples,
            generator={"lateness": SampleSummary.of([0.001] * 20)},
        )


def write_log(directory: Path, count: int, statistics: int) -> None:
    """A log directory as a run of `count` seconds on one agent leaves it."""
    log = RunLog(directory, host="bench")
    totals = RunTotals()
    for interval in intervals(count, statistics, Random(1)):
        log.interval(interval, {"localhost": interval}, STARTED + interval.index + 1)
        totals.add(interval)
    plan = PlanFigures("made by bench.report", "report.xml", 0, 1, float(count), 1, 1, ())
    summary = RunSummary.of(
        totals,
        verdict=Verdict("clean"),
        plan=plan,
        started_at="2023-11-14T22:13:20+00:00",
        duration=float(count),
    )
    log.finish(summary, STARTED + count)


def report(directory: Path) -> tuple[float, float]:
    """Seconds and bytes that the command took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytsung", "report", str(directory)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"pytsung report ended with status {process.returncode}")
    return time.monotonic() - began, usage.ru_maxrss * 1024


def main() -> int:
    """Print the table; 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description="What a report of a long, varied run costs.")
    parser.add_argument("--intervals", type=int, default=1000)
    parser.add_argument("--statistics", type=int, default=200)
    asked = parser.parse_args()
    print(describe_machine())
    print()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_log(directory, asked.intervals, asked.statistics)
        size = (directory / "intervals.jsonl").stat().st_size
        seconds, memory = report(directory)
        made = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        page = (directory / "report-single.html").stat().st_size
    print("| report | seconds | memory | read | written | one page |")
    print("| --- | --- | --- | --- | --- | --- |")
    what = f"{asked.intervals:,} s × {asked.statistics} statistics"
    sizes = " | ".join(f"{n / 1e6:.1f} MB" for n in (size, made - size, page))
    print(f"| {what} | {seconds:.1f} | {memory / 1e6:.0f} MB | {sizes} |")
    is_within = seconds <= SECONDS_LIMIT and memory <= MEMORY_LIMIT
    if not is_within:
        sys.stderr.write(f"the limits are {SECONDS_LIMIT:.0f} s and {MEMORY_LIMIT / 1e6:.0f} MB\n")
    return int(not is_within)


if __name__ == "__main__":
    sys.exit(main())
