"""`pytsung watch` fills a terminal of any size, from the same news as the page."""

from __future__ import annotations

import io
import json

import pytest
import trio
from rich.console import Console

from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.live_run import AgentView
from pytsung.dashboard.watching import SURE, Watched, draw, sparkline
from pytsung.stats.readings import Reading
from tests.dashboard.test_live_run import Feed
from tests.golden.runs import small_run


def watched() -> Watched:
    """A run of some seconds, as a follower hears of it."""
    feed = Feed()
    feed.live.agents = [AgentView("localhost", 2, "busy"), AgentView("far", 2, "lost")]
    for interval in small_run():
        interval.counters["error_timeout"] = 2
        feed.tell(interval)
    feed.live.reading(Reading("cpu", "os_mon@web1", 41.0))
    feed.live.reading(Reading("freemem", "os_mon@web1", 2100.0))
    feed.live.event("agent-lost", 1002.0, {"agent": "far", "users": 3, "reason": "gone"})

    async def first() -> str:
        news = Broadcast(feed.live).follow()
        item = await anext(news)
        await news.aclose()
        return item

    found = Watched()
    found.take(json.loads(trio.run(first)))
    return found


def screen(of: Watched, width: int, height: int, note: str = "q leaves") -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(draw(of, width, height, note))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 12), (120, 30)])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    """A line too many scrolls the screen at every change."""
    lines = screen(watched(), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[-1].startswith("q leaves")


def test_it_shows_what_matters_first() -> None:
    """Users, times, errors, who is lost; and what is asked of the person at the keys."""
    text = "\n".join(screen(watched(), 100, 40, SURE))
    for words in ("clean so far", "error_timeout", "request", "far", "lost", "agent far lost"):
        assert words in text
    assert text.rstrip().endswith(SURE)


def test_it_shows_the_targets_hosts() -> None:
    """Not those of the load generator: these stand with their agents."""
    lines = screen(watched(), 100, 40)
    (row,) = [line for line in lines if "web1" in line]
    assert row.split() == ["web1", "41", "%", "2,100", "MB", "–"]


def test_before_the_first_news_it_waits() -> None:
    """The controller may be busy starting agents."""
    assert screen(Watched(), 80, 24) == ["waiting for the test …"]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0.0, 0.0], "  "),
        ([0.0, 1.0, 4.0, 8.0], " ▁▄█"),
        ([5.0] * 3, "███"),
        ([8.0, 0.001], "█▁"),
        ([1.0] * 9 + [2.0], "▄▄▄█"),
    ],
)
def test_a_sparkline_has_the_shape_of_its_values(values: list[float], line: str) -> None:
    """What is not nothing is seen, however small."""
    assert sparkline(values, 4) == line
