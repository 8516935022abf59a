"""Log directories for the tests of reports: small runs of ours, and what real Tsung wrote.

`tests/golden/tsung-1.7-*.log` are runs of Tsung 1.7.0 on loopback: sessions of HTTP
with transactions, matches, missing pages and a refused connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import RunSummary
from pytsung.stats import Interval
from pytsung.stats.readings import Reading, ReadingKind
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict
from tests.golden.runs import STARTED, small_run

GOLDEN = Path(__file__).parent.parent / "golden"
TEXT = GOLDEN / "tsung-1.7-text.log"
JSON = GOLDEN / "tsung-1.7-json.log"
PLAN = PlanFigures("24 users arrive at 3/s", "small.xml", 24, 1, 8.0, 1, 1, ("127.0.0.1:1",))

MONITORED = (
    Reading("freemem", "cache", 512.0),
    Reading("sentpackets", "os_mon@web1", 40.0, ReadingKind.COUNTER),
    Reading("heapused", "db", 33.0),
    Reading("hits", "db", 2.0, ReadingKind.SUM),
)
"""What munin, a probe, and an SNMP agent show of a target's hosts."""


def write_run(
    directory: Path,
    intervals: Sequence[Interval] | None = None,
    *,
    verdict: Verdict | None = None,
    is_killed: bool = False,
    host: str = "localhost",
    monitored: bool = False,
) -> Path:
    """A log directory as a run leaves it; a killed one has no end."""
    directory.mkdir(parents=True, exist_ok=True)
    intervals = small_run() if intervals is None else intervals
    log = RunLog(directory, host="bench")
    log.save_configuration("small.xml", b"<tsung><!-- <b>small</b> --></tsung>\n")
    totals = RunTotals()
    for interval in intervals:
        if interval.index % 10 == 8:
            log.host("bench", cpu=12.5, free_memory=2048.5, load=0.75)
            log.readings(MONITORED if monitored else ())
        if interval.index == 0:
            log.event("phase", STARTED, phase=1)
        log.interval(interval, {host: interval}, STARTED + interval.index + 1)
        totals.add(interval)
    if is_killed:
        log.close()
        return directory
    summary = RunSummary.of(
        totals,
        verdict=verdict or Verdict("clean"),
        plan=PLAN,
        started_at="2023-11-14T22:13:20.250000+00:00",
        duration=totals.duration,
        values=log.values,
    )
    log.finish(summary, STARTED + totals.duration)
    return directory
