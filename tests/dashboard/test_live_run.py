"""The picture of a running test: the same for page, terminal and `pytsung status`."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from pytsung.control.messages import Health
from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.live_run import AgentView, Heading, LiveRun
from pytsung.plan import ArrivalPhase, Load, ScheduledUser
from pytsung.schedule.timetable import Timetable
from pytsung.stats import Interval
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict
from tests.golden.runs import small_run


class Feed:
    """A run that is told second by second."""

    def __init__(self, *phases: ArrivalPhase, scheduled: tuple[ScheduledUser, ...] = ()) -> None:
        phases = phases or (ArrivalPhase(1, 60.0, 2.0), ArrivalPhase(2, 30.0, 1.0))
        heading = Heading("t.xml", "some users", "/logs/1", ("a:1",), 7)
        self.live = LiveRun(heading, Timetable.of(Load(phases, scheduled)))
        self.totals = RunTotals()
        self.live.begin(1000.0)

    def tell(self, interval: Interval) -> None:
        self.totals.add(interval)
        at = 1000.0 + interval.index + 1
        self.live.take(interval, {"localhost": interval}, self.totals, at)


def followed(feed: Feed, *steps: Any) -> list[dict[str, Any]]:
    """What a follower hears: at first, and after each step."""

    async def listen() -> list[dict[str, Any]]:
        news = Broadcast(feed.live).follow()
        heard = [json.loads(await anext(news))]
        for step in steps:
            step()
            heard.append(json.loads(await anext(news)))
        await news.aclose()
        return heard

    return trio.run(listen)


def test_a_late_follower_gets_everything_and_then_what_is_new() -> None:
    """Somebody opens the page in mid-run, or reloads it: no chart may begin there."""
    feed = Feed()
    first, second, *rest = small_run()
    feed.tell(first)
    feed.tell(second)
    feed.live.event("phase", 1001.0, {"phase": 1})
    begun, more = followed(feed, lambda: feed.tell(rest[0]))
    assert begun["run"]["name"] == "t.xml"
    assert [row[0] for row in begun["rows"]] == [1.0, 2.0]
    assert begun["events"][0]["text"] == "arrival phase 1 begins"
    assert [row[0] for row in more["rows"]] == [3.0]
    assert not more["events"]
    assert "run" not in more
    assert more["now"]["elapsed"] == 3.0


def test_a_follower_that_sleeps_misses_no_point() -> None:
    """Nothing is queued for a browser that does not read, and yet its chart has no gap."""
    feed = Feed()
    intervals = list(small_run())

    def all_at_once() -> None:
        for interval in intervals:
            feed.tell(interval)

    _, caught_up = followed(feed, all_at_once)
    assert len(caught_up["rows"]) == len(intervals)


def test_figures_are_those_of_the_totals() -> None:
    """At the end the page must show what summary.json says."""
    feed = Feed()
    for interval in small_run():
        feed.tell(interval)
    feed.live.end(Verdict("degraded", ("because",)))
    (last,) = followed(feed)
    now = last["now"]
    request = next(row for row in now["samples"] if row["name"] == "request")
    assert request["count"] == feed.totals.samples["request"].count
    assert request["p95"] == feed.totals.samples["request"].percentile(95)
    assert now["users"]["started"] == feed.totals.users_started
    assert now["verdict"] == {"status": "degraded", "reasons": ["because"]}
    assert (now["state"], now["activity"]) == ("ended", "ended")


def test_errors_are_named_with_their_last_occurrences() -> None:
    """The name says what failed; when and where it last did says whether it still does."""
    feed = Feed()
    for second in range(5):
        counters = {"error_timeout": second + 1, "200": 4}
        feed.tell(Interval(second, counters=counters))
    (heard,) = followed(feed)
    (error,) = heard["now"]["error_names"]
    assert (error["name"], error["count"]) == ("error_timeout", 15)
    assert error["last"][0] == {"at": 5, "agent": "localhost", "count": 5}
    assert len(error["last"]) == 3
    assert heard["now"]["counters"] == {"200": 20}


def test_what_the_plan_wanted_stands_beside_what_came() -> None:
    """Users that the generator fails to start are seen as a gap."""
    feed = Feed(ArrivalPhase(1, 60.0, 10.0), scheduled=(ScheduledUser(0.5, 0),))
    feed.tell(Interval(0, users_started=6, users_open=6))
    point = feed.live.history.points[0]
    assert point.planned == 11.0
    assert point.expected == 11.0


@pytest.mark.parametrize(
    ("elapsed", "phase", "beams"), [(0, 1, 2), (60, 2, 2), (89, None, 0), (200, None, 0)]
)
def test_status_has_tsungs_keys(elapsed: int, phase: int | None, beams: int) -> None:
    """Scripts poll it: phases count from 1; there is none while the last users are waited for."""
    feed = Feed()
    feed.live.agents = [AgentView("a"), AgentView("b"), AgentView("c", state="lost")]
    feed.tell(Interval(elapsed, users_open=5, connections_open=4))
    status = feed.live.status()
    assert (status.phase, status.phase_total, status.active_beams) == (phase, 2, beams)
    assert (status.users, status.connected_users) == (5, 4)


def test_an_agents_health_is_shown_with_its_part_of_the_load() -> None:
    """Which of sixteen hosts is short of breath."""
    feed = Feed()
    health = Health(1.0, 55.0, 900.0, 1.5, 10**8, 2, True, 120, 1024)
    feed.live.agents = [AgentView("localhost", 2, "busy", 0.001, health)]
    feed.tell(next(iter(small_run())))
    (heard,) = followed(feed)
    (agent,) = heard["now"]["agents"]
    assert (agent["cpu"], agent["rss"], agent["descriptors"]) == (55.0, 10**8, 120)
    assert agent["clock_offset"] == 0.001
    assert agent["users"] == feed.totals.users_open


def test_hosts_of_the_target_and_of_the_load_generator_stand_side_by_side() -> None:
    """Is the target busy, or only we? The curve is there for somebody who comes late."""
    feed = Feed()
    feed.live.host("bench", Health(1.0, 55.0, 900.0, 1.5))
    seconds = small_run()
    for second, cpu in enumerate((10.0, 30.0)):
        feed.tell(seconds[second])
        feed.live.reading(Reading("cpu", "os_mon@web1", cpu))
        feed.live.reading(Reading("heapused", "db", 7.0))
    feed.live.reading(Reading("load", "tsung_controller@here", 0.5))
    (heard,) = followed(feed)
    rows = {row.pop("name"): row for row in heard["now"]["hosts"]}
    assert rows["web1"] == {
        "is_target": True,
        "heard": 2.0,
        "cpu": 30.0,
        "free_memory": None,
        "load": None,
        "others": {},
        "cpu_over_time": [[1.0, 10.0], [2.0, 30.0]],
    }
    assert (rows["bench"]["is_target"], rows["bench"]["free_memory"]) == (False, 900.0)
    assert (rows["db"]["is_target"], rows["db"]["others"]) == (True, {"heapused": 7.0})
    assert not rows["here"]["is_target"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("monitor-unreachable", "web1 is not monitored: it is off; switch it on"),
        ("monitor-lost", "web1 is monitored no more: it is off; switch it on"),
        ("monitor-back", "web1 is monitored again"),
    ],
)
def test_what_becomes_of_watched_hosts_is_said(kind: str, words: str) -> None:
    """A gap in a curve has its reason beside it."""
    feed = Feed()
    feed.live.event(kind, 1001.0, {"host": "web1", "reason": "it is off; switch it on"})
    (event,) = feed.live.events()[1]
    assert event["text"] == words
