"""Where cost stops being linear is said by this arithmetic, not by whoever looks at a graph."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import http
from bench.growth import agents, arrivals, sessions, users
from bench.growth.curve import Curve, Point, sizes
from bench.growth.outcome import microseconds, milliseconds, size_of
from bench.growth.picture import draw
from bench.growth.users import Cost, Look
from bench.http import RUN
from bench.nginx import PATH
from bench.processes import Memory
from bench.sessions import Load
from pytsung.config import read_configuration
from pytsung.plan import For, ThinkTime


def curve(*each: float) -> Curve:
    points = (Point(10**n, cost) for n, cost in enumerate(each, start=1))
    return Curve("CPU", microseconds, tuple(points))


def test_a_level_curve_is_linear_to_its_end() -> None:
    """What differs by less than a quarter is no bend: rounds differ as much."""
    level = curve(50e-6, 60e-6, 55e-6)
    assert level.bend() is None
    assert level.foot() is None
    assert level.sentence("users") == (
        "**CPU** is least at 10 users, 50.0 µs, and in proportion up to 1,000, the most tried."
    )


def test_a_bend_is_where_each_begins_to_cost_distinctly_more_than_at_the_cheapest() -> None:
    """Dear beginnings are fixed costs, and no bend."""
    bent = curve(300e-6, 90e-6, 50e-6, 60e-6, 75e-6, 200e-6)
    assert bent.foot() == Point(100, 90e-6)
    assert bent.bend() == Point(100_000, 75e-6)
    assert bent.sentence("users") == (
        "**CPU** is least at 1,000 users, 50.0 µs, and stops being in proportion at 100,000,"
        " with 75.0 µs, 1.50 times that; up to 100 fixed costs show in it."
    )


def test_what_costs_less_and_less_never_stops_being_linear() -> None:
    """To the end fixed costs are shared by more."""
    assert curve(300e-6, 90e-6, 50e-6).sentence("users") == (
        "**CPU** is least at 1,000 users, 50.0 µs, the most tried: nowhere does it grow faster"
        " than in proportion; up to 100 fixed costs show in it."
    )


def test_one_size_that_sticks_out_is_no_bend() -> None:
    """Something else ran on the machine: a line that comes back has not bent."""
    assert curve(50e-6, 90e-6, 51e-6, 52e-6).bend() is None


def test_sizes_are_round_and_end_at_the_top() -> None:
    """A smaller machine measures the same sizes, only fewer."""
    assert list(sizes(100, 20_000)) == [100, 300, 1000, 3000, 10_000, 20_000]
    assert list(sizes(1000, 1_000_000, factors=(1,))) == [1000, 10_000, 100_000, 1_000_000]
    assert list(sizes(10, 30)) == [10, 30]
    assert list(sizes(1000, 5)) == [5]


def test_figures_have_units_that_keep_them_short() -> None:
    assert [microseconds(x) for x in (1.234e-6, 12.34e-6, 1234e-6)] == [
        "1.23 µs",
        "12.3 µs",
        "1,234 µs",
    ]
    assert [size_of(x) for x in (671, 12_345, 12_345_678, 6.9e9)] == [
        "671 B",
        "12 KB",
        "12 MB",
        "6,900 MB",
    ]
    assert milliseconds(0.0314) == "31 ms"


def test_a_graph_is_a_small_file_that_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    """It lies in the repository, where every change of it is seen."""
    curves = [curve(3e-6, 1e-6, 1.1e-6), curve(2e-6, 1e-6, 5e-6)]
    draw(curves, "users", tmp_path / "one.svg")
    draw(curves, "users", tmp_path / "other.svg")
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "other.svg").read_text()
    assert len(text) < 30_000
    ET.fromstring(text)
    assert "CPU (1 = 1.00 µs)" in text  # texts are texts


# -- what each program reckons ---------------------------------------------------------


def test_memory_of_users_is_told_from_that_of_their_workers() -> None:
    """Workers that are added for the descriptors share most of what they have resident."""
    before = Look(1.0, 2, Memory(60_000_000, 20_000_000), 9_000_000_000)
    after = Look(3.0, 4, Memory(130_000_000, 36_000_000), 8_900_000_000)
    cost = Cost(20_000, 2.0, before, after, holding=0.02, governing=0.01)
    assert cost.rss == 500  # 10 MB more than four empty workers have
    assert cost.pss == 800
    assert cost.machine == 5000
    assert cost.row() == (
        "| 20,000 | 4 | 100 µs | 500 B | 800 B | 5,000 B | 2.0% | 30.0 µs | 1.0% |"
    )


def test_the_curves_of_users_leave_out_what_was_not_seen() -> None:
    """With few users the machine's memory may seem to grow by less than nothing."""
    before = Look(0.0, 2, Memory(60_000_000, 20_000_000), 9_000_000_000)
    after = Look(0.0, 2, Memory(61_000_000, 21_000_000), 9_000_000_001)
    found = users.curves([Cost(1000, 0.05, before, after, holding=0.01, governing=0.0)])
    seen = {one.name for one in found if one.points}
    assert seen == {"CPU to open", "Memory (PSS)", "CPU per think time"}


def test_users_think_again_and_again() -> None:
    """One long pause would show what nobody pays: a user that never wakes."""
    load = Load(port=1, sources=("127.64.1.2",), users=1, rate=1, hold=1200, think=30)
    plan = read_configuration(load.configuration().encode()).plan
    thinks = [step for step in plan.sessions[0].steps if isinstance(step, ThinkTime)]
    assert len(thinks) == 40


def test_the_rate_that_came_is_that_of_whole_seconds() -> None:
    """The last second is part of one: dividing by it would tell of late arrivals that were not."""
    assert arrivals.rate_of([100, 110, 90, 20, 0, 0]) == 100
    assert arrivals.rate_of([40]) == 40


def test_every_agent_is_on_a_host_of_its_own() -> None:
    """One host is one agent, whatever it may be called."""
    clients = '<client host="realtime-worker-1"/><client host="realtime-worker-2"/>'
    text = agents.CONFIGURATION.format(clients=clients, port=9505, agents=2)
    plan = read_configuration(text.encode()).plan
    assert [host.name for host in plan.agent_hosts] == ["realtime-worker-1", "realtime-worker-2"]
    assert plan.load.phases[0].users == 2


def test_merging_reports_takes_time() -> None:
    assert 0 < agents.merging(3, 10) < 0.1


def test_a_long_session_has_as_many_requests_each_its_own() -> None:
    """The same request again and again would be compiled once, and prove nothing."""
    text = sessions.generator(30).text
    text = text.format(port=8080, tls_port=8443, users=50, run=RUN, path=PATH)
    plan = read_configuration(text.encode()).plan
    (loop,) = plan.sessions[0].steps
    assert isinstance(loop, For)
    assert len({str(step) for step in loop.steps}) == 30


@pytest.mark.parametrize("worker", [30_000_000, 31_000_000])
def test_the_curves_of_sessions_are_of_what_they_add(worker: int) -> None:
    """The interpreter's own memory is not the plan's."""
    request = http.Cost(10e-6, 50_000)
    costs = [
        sessions.Cost(10, 4.0, Memory(50_000_000, 1), Memory(30_000_000, 1), request),
        sessions.Cost(1010, 4.0, Memory(52_000_000, 1), Memory(worker, 1), request),
    ]
    found = {one.name: one.points for one in sessions.curves(costs)}
    assert found["Memory of the controller"] == (Point(1010, 2000),)
    assert bool(found["Memory of the worker"]) == (worker > 30_000_000)
