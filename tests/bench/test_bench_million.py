"""A million connections are claimed by these programs: what they work out must be right."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import footprint
from bench.bystanders import Bystanders, Use, cores
from bench.footprint import Look, growth, look, read_meminfo, read_slabs, read_sockstat
from bench.graph import Panel, draw
from bench.million import EXAMPLE, configuration, newest
from bench.million_result import Left, Size, breakdown, course, held, judge, means
from bench.processes import Memory
from bench.trend import Tolerance, trend
from bench.verdicts import Row, flat
from bench.windows import arrivals, reached, split, worker_cpu
from pytsung.config import read_configuration
from pytsung.stats import Interval
from pytsung.stats.summary import SampleSummary
from tests.bench.graphs import points

ROOT = Path(__file__).parents[2]
SIZE = Size(3000, 100.0)


def second(index: int, started: int = 0, opened: int = 0, connect: float = 0.001) -> Interval:
    one = Interval(index, users_started=started, connections_open=opened)
    if started:
        one.samples = {name: SampleSummary.of([connect] * started) for name in ("connect",)}
        one.samples["request"] = SampleSummary.of([connect * 2] * started)
    one.generator = {"worker_cpu": SampleSummary.of([0.01, 0.03])}
    return one


def steady(connect: float = 0.001, growing: float = 0.0) -> list[Interval]:
    """3,000 users in 30 s, who stay for 30 more and are gone then."""
    coming = [second(n, 100, 100 * (n + 1), connect + growing * n) for n in range(30)]
    return [*coming, *(second(n, 0, 3000) for n in range(30, 60)), second(60, 0, 1500)]


SUMMARY = {
    "verdict": {"status": "clean", "reasons": []},
    "connections": {"peak": 3000},
    "counters": {"size_rcv": 5},
}


def test_the_example_is_what_it_says_at_every_size() -> None:
    """Users stay until all of them have been there for a minute."""
    text = EXAMPLE.read_text()
    assert configuration(text, Size(1_000_000, 8500.0)) == text
    plan = read_configuration(configuration(text, Size(100_000, 2000.0)).encode()).plan
    (phase,) = plan.load.all_phases()
    assert (phase.users, phase.rate, phase.duration) == (100_000, 2000.0, 120.0)
    assert '<!ENTITY rounds "4">' in configuration(text, Size(100_000, 2000.0))  # 50 + 65 s
    with pytest.raises(ValueError, match="entities users"):
        configuration("<tsung/>", SIZE)


def test_arrivals_are_held_against_the_plan_window_by_window() -> None:
    """A window that is cut by the last arrival is none."""
    seconds = [second(n, 100 if n != 12 else 160) for n in range(35)]
    found = arrivals(seconds, rate=100.0, until=30.0, width=10)
    assert found.counts == (1000, 1060, 1000)
    assert found.worst_part == pytest.approx(0.06)
    assert found.worst_sigma == pytest.approx(60 / 1000**0.5)
    assert arrivals(seconds, 100.0, 5.0, 10).worst_sigma == 0
    assert [len(part) for part in split(seconds, 0, 25, 10)] == [10, 10]


def test_holding_is_when_nobody_comes_or_goes() -> None:
    """What the workers used then, all of them together."""
    seconds = steady()
    assert [one.index for one in held(seconds, 3000)] == list(range(34, 55))
    assert held(seconds, 4000) == []
    assert worker_cpu(held(seconds, 3000)) == pytest.approx(0.04)
    assert reached(seconds, 3000) == 30.0
    assert reached(seconds, 3001) is None


def test_a_good_run_meets_every_goal() -> None:
    """Absolute ones are for a million alone."""
    rows = judge(SIZE, Left(SUMMARY, steady()), used=10**8)
    assert not [str(row) for row in rows if row.is_missed]
    assert {row.what: row.seen for row in rows}["all connected after"] == "30 s"


@pytest.mark.parametrize(
    ("summary", "seconds", "missed"),
    [
        ({"connections": {"peak": 2999}}, steady(), "connected at once"),
        ({"counters": {"error_connect_etimedout": 1}}, steady(), "errors"),
        ({"verdict": {"status": "degraded"}}, steady(), "verdict"),
        ({}, steady(0.001, growing=0.000_1), "connect, mean of 10 s"),
        ({}, [second(0, 600), *steady()[1:]], "arrivals in 10 s"),
    ],
)
def test_each_goal_can_be_missed(
    summary: dict[str, object], seconds: list[Interval], missed: str
) -> None:
    """A table that cannot say no proves nothing."""
    rows = judge(SIZE, Left({**SUMMARY, **summary}, seconds), used=10**8)
    assert missed in [row.what for row in rows if row.is_missed]


def test_the_last_users_come_early_or_late_by_chance() -> None:
    """Their number is fixed: the window in which they run out is not held against the plan."""
    size, seconds = Size(3000, 100.0), steady()
    seconds[29] = second(29, 1, 3000)
    (row,) = [row for row in judge(size, Left(SUMMARY, seconds), 0) if "in 10 s" in row.what]
    assert row.seen.endswith("in 2 windows")
    assert not row.is_missed


def test_what_others_used_is_told_window_by_window() -> None:
    """Seen at any instants; a window at whose time nobody looked has nothing."""
    uses = [Use(100.0, 104.0, 2.0), Use(104.0, 116.0, 6.0)]
    assert cores(uses, 100.0, 3, 10.0) == pytest.approx([0.5, 0.3, 0.0])
    left = Left(SUMMARY, steady(), 100.0, uses)
    (row,) = [row for row in judge(SIZE, left, 0) if row.what.startswith("other processes")]
    assert (row.seen, row.goal) == ("0.50 cores at first, 0.50 at most", "")
    _, panels = course(SIZE, left)
    assert panels[-1].lines == {"others": pytest.approx([0.5, 0.3, 0.0])}


def test_a_busy_neighbour_is_seen() -> None:
    """As what runs beside a measurement would be."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            others = Bystanders()
            time.sleep(0.3)
            others.look()
        finally:
            child.kill()
    (use,) = others.uses
    assert use.seconds > 0.02


def test_flat_out_nothing_is_asked_of_the_times() -> None:
    """Their drift is told all the same."""
    size, left = Size(255_000, 8500.0), Left(SUMMARY, steady(0.001, growing=0.000_1))
    (row,) = [row for row in judge(size, left, 10**8) if row.what == "connect, mean of 10 s"]
    assert "drifts" in row.seen
    assert not row.goal


def test_a_million_has_to_be_there_in_time_and_fit() -> None:
    """The same run, asked for a million: too few, too late, too large."""
    rows = judge(Size(1_000_000, 8500.0), Left(SUMMARY, steady()), used=10**10)
    missed = {row.what for row in rows if row.is_missed}
    assert {"connected at once", "all connected after", "memory of the machine"} <= missed


def test_one_bad_window_is_no_trend_and_a_slope_is() -> None:
    """The median of slopes: a hiccup neither makes a run uneven nor hides that it is."""
    assert trend([1, 1, 9, 1, 1]).drift == 0
    assert trend([1, 2, 3, 4, 50]).drift == pytest.approx(4)
    assert trend([2.0, 3.0, 4.0]).part == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="longer"):
        trend([1, 2])
    tolerance = Tolerance(0.1, 0.5)
    assert flat("x", [10, 10.4, 10.9], tolerance, "MB", 1).is_met
    assert flat("x", [10, 11, 12], tolerance, "MB", 1).is_missed
    assert flat("x", [0.1, 0.2, 0.3], tolerance, "MB", 1).is_met
    assert not flat("x", [10], tolerance, "MB", 1).goal


def test_rows_say_whether_a_goal_is_met() -> None:
    """And nothing where there is none."""
    assert str(Row("a", "1")) == "| a | 1 |  |  |"
    assert str(Row("a", "1", "2", is_met=False)) == "| a | 1 | 2 | **no** |"
    assert str(Row("a", "1", "1")) == "| a | 1 | 1 | yes |"


def test_the_kernel_s_words_are_read_right() -> None:
    """As proc(5) and slabinfo(5) have them."""
    assert read_meminfo("MemAvailable:  12 kB\nHugePages_Total: 3\n") == {"MemAvailable": 12288}
    text = "sockets: used 9\nTCP: inuse 4 orphan 0 tw 1 alloc 6 mem 2\nUDP: inuse 0 mem 1\n"
    assert read_sockstat(text) == (4, 2 * footprint.PAGE)
    head = "slabinfo - version: 2.1\n# name ...\n"
    line = "TCP 10 13 2432 13 8 : tunables 0 0 0 : slabdata 3 4 0\n"
    assert read_slabs(head + line) == {"TCP": 4 * 8 * footprint.PAGE}


def test_every_byte_is_accounted_for() -> None:
    """What no part owns to is said, too: the parts add up to what the machine lost."""
    before = Look(1000, 0, 5, {"page tables": 10}, {"TCP": 100}, {})
    slabs = {"TCP": 600, "filp": 7}
    after = Look(100, 2, 9, {"page tables": 30}, slabs, {"w": Memory(90, 80)}, reclaimable=40)
    parts = growth(before, after)
    assert sum(parts.values()) == 900
    assert parts["kernel: TCP objects"] == 500
    assert parts["processes: w"] == 80
    assert parts["of these, called available by Linux"] == -40
    assert parts["the rest"] == 900 - 500 - 7 - 4 - 20 - 80 + 40
    assert breakdown(before, after, 9)[-1] == "| **together** | **0.000** | **100** |"


def test_a_look_at_this_machine() -> None:
    """Real files, whatever the kernel."""
    seen = look({"us": [os.getpid()], "gone": [2**22 + 1]})
    assert seen.available > 2**20
    assert seen.processes["us"].pss > 2**20
    assert seen.processes["gone"] == Memory(0, 0)
    assert sum(seen.slabs.values()) > 2**20


def test_the_graph_is_xml_with_a_line_for_each_figure() -> None:
    """And shows the means that are judged."""
    left = Left(SUMMARY, steady())
    times, panels = course(SIZE, left)
    assert points(draw(times, panels)) == {
        "arrivals a second: users": 3,
        "arrivals a second: plan": 3,
        "mean time of 10 s, ms: connect": 3,
        "mean time of 10 s, ms: request": 3,
        "open connections: connections": 3,
    }
    assert means(SIZE, left, "request") == pytest.approx([0.002] * 3)
    assert points(draw([], [Panel("nothing", {"x": []})])) == {"nothing: x": 0}
    assert draw(times, panels) == draw(times, panels)


def test_the_newest_run_is_the_one_that_left_seconds(tmp_path: Path) -> None:
    """Others may have been there before, or have been refused."""
    (tmp_path / "20260101-1000").mkdir()
    known = set(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="no run"):
        newest(tmp_path, known)
    (tmp_path / "20260101-1001").mkdir()
    (tmp_path / "20260101-1001" / "intervals.jsonl").touch()
    assert newest(tmp_path, known).name == "20260101-1001"


@pytest.mark.parametrize("name", ["million"])
def test_a_program_says_what_it_answers(name: str) -> None:
    """`--help` starts it."""
    command = [sys.executable, "-m", f"bench.{name}", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    question = (ROOT / "bench" / f"{name}.py").read_text().removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())


def test_bare_loops_hold_what_was_asked_for() -> None:
    """What a million is compared with: every connection there, and none of it guessed."""
    command = [sys.executable, "-m", "bench.bare_million", "--users", "200", "--at-once", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "200 connections of 1 + 1 bare loops." in done.stdout
    assert "| connected at once | 200 |" in done.stdout
    assert "| processes: clients | " in done.stdout
    assert done.stderr == ""
