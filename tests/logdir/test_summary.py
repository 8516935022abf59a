"""`summary.json` is what scripts and pipelines read: its keys and units are a promise."""

import json
from pathlib import Path

import pytest

from pytsung.control.messages import Cost
from pytsung.errors import LogDirectoryError
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.summary import (
    AgentFigures,
    RunSummary,
    SampleFigures,
    read_summary,
    write_summary,
)
from pytsung.stats import SampleSummary
from pytsung.stats.thresholds import Crossing
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict
from tests.golden.runs import small_run

PLAN = PlanFigures("24 users", "small.xml", 24, 1, 8.0, 1, 1, ("127.0.0.1:9505",))


def summary_of_small_run() -> RunSummary:
    totals = RunTotals()
    for interval in small_run():
        totals.add(interval)
    return RunSummary.of(
        totals,
        verdict=Verdict("degraded", ("agent web1, 3 s: loop lag p99 31 ms (limit 20 ms)",)),
        plan=PLAN,
        started_at="2026-11-23T08:07:13+00:00",
        duration=23.75,
        not_started=2,
        values={'{cpu,"os_mon@web1"}': SampleSummary.of([12.5, 25.0])},
        agents=(AgentFigures("web1", workers=2, started=24, cost=Cost(1.5, 4096)),),
        target=Cost(0.5, 1024),
        thresholds=(Crossing("connect: p(95)<200", 0.001, "s", kept=True),),
        warnings=("bench.xml:3: dumptraffic is not kept",),
    )


def test_the_file_has_the_keys_that_are_promised(tmp_path: Path) -> None:
    """A key may be added to this list; none may go, or change its meaning."""
    write_summary(tmp_path, summary_of_small_run())
    plain = json.loads((tmp_path / "summary.json").read_text())
    assert plain["schema"] == "pytsung.summary/1"
    assert list(plain) == [
        "schema",
        "verdict",
        "plan",
        "started_at",
        "duration",
        "users",
        "connections",
        "samples",
        "values",
        "counters",
        "lateness",
        "loop_lag",
        "agents",
        "target",
        "cost",
        "coverage",
        "thresholds",
        "warnings",
        "amended",
        "fan_out",
        "version",
    ]
    assert list(plain["verdict"]) == ["status", "reasons"]
    users = {"started": 24, "finished": 24, "open": 0, "peak": 24, "not_started": 2, "lost": 0}
    assert plain["users"] == users | {"dropped": 0}
    assert plain["connections"] == {"opened": 24, "closed": 24, "peak": 24}
    assert plain["counters"]["200"] == 24
    assert list(plain["samples"]["request"]) == [
        "count",
        "mean",
        "stddev",
        "min",
        "max",
        "p50",
        "p75",
        "p90",
        "p95",
        "p99",
        "p99_9",
    ]
    assert list(plain["agents"][0]) == [
        "host",
        "workers",
        "started",
        "lost",
        "clock_offset",
        "clock_uncertainty",
        "cost",
        "cores",
        "python",
    ]
    assert plain["target"] == {"cpu_seconds": 0.5, "peak_rss": 1024}


def test_times_are_seconds() -> None:
    """Milliseconds stand in Tsung's files only."""
    summary = summary_of_small_run()
    assert summary.samples["session"].mean == 16.0625
    assert summary.samples["session"].max == 16.125
    assert summary.samples["request"].p50 == pytest.approx(0.0078125, rel=0.004)
    assert summary.lateness.count == 4 * 24


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Comparing runs starts from their summaries."""
    summary = summary_of_small_run()
    write_summary(tmp_path, summary)
    assert read_summary(tmp_path) == summary


def test_keys_of_a_newer_version_are_left_out(tmp_path: Path) -> None:
    """The schema only grows."""
    write_summary(tmp_path, summary_of_small_run())
    path = tmp_path / "summary.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "green"}))
    assert read_summary(tmp_path) == summary_of_small_run()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "pytsung.summary/2"}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """Where, what, and what to name instead."""
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(LogDirectoryError, match="name a log directory that pytsung wrote"):
        read_summary(tmp_path)


def test_a_summary_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """A reader sees a whole summary or none, never half of one."""
    with pytest.raises(LogDirectoryError, match=r"summary\.json: cannot be written"):
        write_summary(tmp_path / "nowhere", summary_of_small_run())
    (tmp_path / "summary.json").mkdir()  # a file cannot take its place
    with pytest.raises(LogDirectoryError, match=r"summary\.json: cannot be written"):
        write_summary(tmp_path, summary_of_small_run())
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_nothing_measured_is_all_zero() -> None:
    """The extremes of nothing are infinite, which JSON cannot say."""
    assert SampleFigures.of(None) == SampleFigures.of(SampleSummary()) == SampleFigures()


def test_errors_come_the_most_frequent_first() -> None:
    """The first line of many errors is the one to look at."""
    totals = RunTotals()
    totals.counters = {"error_closed": 1, "200": 9, "error_timeout": 5, "error_abort": 1}
    summary = RunSummary.of(
        totals, verdict=Verdict("clean"), plan=PLAN, started_at="", duration=1.0
    )
    assert list(summary.errors.items()) == [
        ("error_timeout", 5),
        ("error_abort", 1),
        ("error_closed", 1),
    ]
