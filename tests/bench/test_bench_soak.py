"""That nothing grows in an hour is claimed by this program: it must see what does grow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.graph import draw
from bench.processes import Memory
from bench.soak import Soak, footprint
from bench.soak_result import PARTS, Footprint, Minute, Moment, judge, minutes, panels, table
from pytsung.config import read_configuration
from pytsung.stats import Interval
from pytsung.stats.summary import SampleSummary
from tests.bench.graphs import points

ROOT = Path(__file__).parents[2]
ORIGIN = 1_000_000.0
MB = 10**6


def a_minute(
    grown: float = 0.0, connect: float = 0.001, errors: int = 0, leaked: int = 0
) -> Minute:
    times = {f"{n} {p}": connect for n in ("connect", "request") for p in ("p50", "p99")}
    memory = Memory(int((100 + grown) * MB), int((80 + grown) * MB))
    seen = {part: Footprint(memory, 1000 + leaked) for part in PARTS}
    return Minute(900, 300, 600, errors, times, seen)


def test_users_come_and_go_and_the_run_ends_by_itself() -> None:
    """A round has a connect, a message, a close; there is time for all whole minutes."""
    soak = Soak(200_000, 60)
    plan = read_configuration(soak.configuration().encode()).plan
    (phase,) = plan.load.all_phases()
    assert (phase.users, phase.duration) == (200_000, plan.load.duration)
    assert phase.rate == pytest.approx(200_000 / 60, rel=1e-4)
    assert plan.load.duration == soak.seconds
    assert soak.seconds - soak.begins >= 3600
    assert soak.begins > 60 + 90


def test_minutes_are_whole_and_count_what_was_within() -> None:
    """From when everybody is there; the last look of each minute speaks for it."""
    seconds = []
    for index in range(200):
        second = Interval(index, connections_opened=2, connections_open=index)
        second.samples = {
            "connect": SampleSummary.of([0.001]),
            "request": SampleSummary.of([0.002, 0.002]),
        }
        second.counters = {"error_closed": 1, "size_rcv": 9} if index == 70 else {}
        seconds.append(second)
    moments = [
        Moment(ORIGIN + at, {part: Footprint(Memory(at, at), 1) for part in PARTS})
        for at in (5, 75, 115, 125)
    ]
    first, second_minute = minutes(seconds, moments, ORIGIN, begin=60, end=185)
    assert (first.connections, first.opened, first.requests, first.errors) == (119, 120, 120, 1)
    assert first.seen["server"].memory.rss == 115
    assert first.times["request p99"] == pytest.approx(0.002)
    assert second_minute.seen["server"].memory.rss == 125


def test_what_stays_is_flat() -> None:
    """Small ups and downs are none."""
    rows = judge([a_minute(grown=n % 2) for n in range(10)])
    assert not [str(row) for row in rows if row.is_missed]


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ([a_minute(grown=n) for n in range(10)], "workers, RSS"),
        ([a_minute(leaked=10 * n) for n in range(10)], "server, descriptors"),
        ([a_minute(connect=0.001 + 0.000_1 * n) for n in range(10)], "connect p50"),
        ([a_minute(connect=0.001 + 0.000_5 * n) for n in range(10)], "request p99"),
        ([a_minute(errors=int(n == 3)) for n in range(10)], "errors"),
    ],
)
def test_what_grows_is_found(found: list[Minute], missed: str) -> None:
    """A megabyte a minute, ten descriptors, a tenth of a millisecond; a single error."""
    assert missed in [row.what for row in judge(found) if row.is_missed]


def test_the_table_and_the_graph_have_every_minute() -> None:
    """Of memory, descriptors, medians and tails."""
    found = [a_minute(grown=n) for n in range(4)]
    lines = table(found)
    assert len(lines) == 2 + 4
    assert len({line.count("|") for line in lines}) == 1
    assert "100.0 / 80.0" in lines[2]
    drawn = points(draw([1.0, 2.0, 3.0, 4.0], panels(found)))
    assert list(drawn.values()) == [4] * (4 + 3 + 2 + 2)


def test_a_look_at_processes_of_this_machine() -> None:
    """One that has just ended counts nothing."""
    seen = footprint([os.getpid(), 2**22 + 1])
    assert seen.memory.rss >= seen.memory.pss > MB
    assert seen.descriptors > 2


def test_the_program_says_what_it_answers() -> None:
    """`--help` starts it."""
    command = [sys.executable, "-m", "bench.soak", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    question = (ROOT / "bench" / "soak.py").read_text().removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())
