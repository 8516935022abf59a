"""The last thing a run prints is what people remember of it: figures, cost, and the verdict."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pytsung.control.messages import Cost
from pytsung.dashboard.result import render_summary
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.summary import ConnectionFigures, RunSummary, SampleFigures, UserFigures
from pytsung.stats.thresholds import Crossing
from pytsung.stats.verdict import Verdict

TIMES = SampleFigures(1000, 0.002, 0.001, 0.0001, 0.0206, 0.00138, 0.002, 0.003, 0.00603, 0.00906)
SUMMARY = RunSummary(
    verdict=Verdict("clean"),
    plan=PlanFigures("1,000 users arrive", "bench.xml", 1000, 1, 20.0, 1, 1, ("127.0.0.1:9505",)),
    started_at="2026-11-23T08:07:13+00:00",
    duration=46.2,
    users=UserFigures(started=1000, finished=990, open=10, peak=998),
    connections=ConnectionFigures(opened=1003, closed=993, peak=997),
    samples={"tr_login": TIMES, "session": TIMES, "request": TIMES, "connect": TIMES},
    counters={"200": 1000, "error_closed": 2, "error_timeout": 40},
    cost=Cost(cpu_seconds=0.06, peak_rss=45_000_000),
)


def rendered(summary: RunSummary, width: int = 80, *, quiet: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    render_summary(summary, console, quiet=quiet)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_samples_are_shown_in_milliseconds_in_a_users_order() -> None:
    """First comes what a user does first; transactions after Tsung's own samples."""
    lines = rendered(SUMMARY)
    head = next(n for n, line in enumerate(lines) if line.startswith("milliseconds"))
    assert lines[head].split()[1:] == ["count", "mean", "p50", "p95", "p99", "max"]
    rows = [line.split() for line in lines[head + 1 : head + 5]]
    assert [row[0] for row in rows] == ["connect", "request", "session", "tr_login"]
    assert rows[0][1:] == ["1,000", "2.00", "1.38", "6.03", "9.06", "20.6"]


def test_users_who_never_came_are_said() -> None:
    """Whoever planned 100 users and sees 84 wants to know of the others."""
    users = UserFigures(started=84, finished=84, not_started=3, dropped=13)
    text = "\n".join(rendered(replace(SUMMARY, users=users), width=120))
    assert "84 started, 84 finished, 3 not started, 13 dropped at a phase's end; peak" in text


def test_users_connections_errors_and_cost_are_said() -> None:
    """The most frequent error first; cost also as what one user took."""
    text = "\n".join(rendered(SUMMARY))
    assert "1,000 started, 990 finished, 10 open; peak 998, in 0:46" in text
    assert "1,003 opened, peak 997" in text
    assert text.index("40 error_timeout") < text.index("2 error_closed")
    assert "0.1 s of CPU (60 µs a user), 45 MB at most" in text


def test_the_verdict_is_the_last_line() -> None:
    """Whatever else scrolled away, this is on the screen."""
    assert rendered(SUMMARY)[-1].split() == ["verdict", "clean"]


def test_reasons_stand_above_the_verdict() -> None:
    """Each in full, wrapped if it must be."""
    reason = "agent web1, 12 s: loop lag p99 31.2 ms (limit 20 ms); in 4 intervals in all"
    summary = replace(SUMMARY, verdict=Verdict("degraded", (reason, "agent web1, 9 s: stalled")))
    lines = rendered(summary, width=60)
    assert lines[-4:-1] == [
        "· agent web1, 12 s: loop lag p99 31.2 ms (limit 20 ms); in 4",
        "  intervals in all",
        "· agent web1, 9 s: stalled",
    ]
    assert lines[-1].split() == ["verdict", "degraded"]


@pytest.mark.parametrize(
    ("crossing", "text"),
    [
        (Crossing("connect: p(95)<200", 0.143, "s", True), "connect: p(95)<200  kept (143 ms)"),
        (Crossing("error_closed: count<1", 2.0, "", False), "count<1  CROSSED (2)"),
        (Crossing("request: rate>9", 9.5, "/s", True), "rate>9  kept (9.5/s)"),
        (Crossing("tr_x: max<1", None, "s", False), "tr_x: max<1  CROSSED (nothing measured)"),
    ],
)
def test_a_threshold_is_shown_with_its_figure(crossing: Crossing, text: str) -> None:
    """Crossed by a hair or by far: the figure tells."""
    lines = rendered(replace(SUMMARY, thresholds=(crossing,)))
    assert any(line.startswith("threshold") and line.endswith(text) for line in lines)


def test_many_error_names_are_counted() -> None:
    """A target that fails in forty ways must not push the verdict off the screen."""
    counters = {f"error_{n:02}": 100 - n for n in range(40)}
    lines = rendered(replace(SUMMARY, counters=counters))
    assert sum("error_" in line for line in lines) == 10
    assert any("and 30 names more, see summary.json" in line for line in lines)


def test_a_run_without_samples_or_errors_is_shown_too() -> None:
    """A run stopped in its first second has a result as well."""
    empty = replace(SUMMARY, samples={}, counters={}, users=UserFigures(), cost=Cost())
    text = "\n".join(rendered(empty))
    assert "milliseconds" not in text
    assert "errors       none" in text
    assert "0.0 s of CPU, 0 MB at most" in text


def test_quiet_leaves_the_verdict() -> None:
    """The one line that nobody may do without."""
    assert rendered(SUMMARY, quiet=True) == ["verdict      clean"]
