"""A host behind a probe: figures out of what the kernel counts, and a far end that fails."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from pytsung.monitor.probed_host import ProbedHost
from pytsung.monitor.source import MonitorError
from pytsung.plan import MysqlAdmin
from pytsung.stats.readings import Reading, ReadingKind

FIGURES: dict[str, Any] = {"cpu": [50, 100], "freemem": 512.5, "load": 0.25, "packets": [7, 9]}
COUNTER = ReadingKind.COUNTER


class Probe:
    """The far end of a stream; answers with what it was given, one thing a question."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.is_left = False

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[trio.abc.Stream]:
        near, far = trio.testing.memory_stream_pair()

        async def serve() -> None:
            said = b""
            async with far:
                async for data in far:
                    said += bytes(data)
                    while b"\n" in said:
                        line, _, said = said.partition(b"\n")
                        self.asked.append(json.loads(line))
                        if not self.answers:
                            return
                        answer = self.answers.pop(0)
                        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                        await far.send_all(raw + b"\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            try:
                yield near
            finally:
                await near.aclose()
                self.is_left = True


def look_at(probe: Probe, times: int = 1, **options: Any) -> tuple[list[Reading], list[str]]:
    """What the last of so many looks gives, and what is complained of."""
    complaints: list[str] = []

    async def main() -> list[Reading]:
        found: list[Reading] = []
        host = ProbedHost("os_mon@web1", probe.connect, **options)
        async with host.open(complaints.append) as look:
            for _ in range(times):
                found = list(await look())
        return found

    try:
        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)), complaints
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def test_the_processor_is_measured_between_two_looks() -> None:
    """Since the boot it was idle, mostly: that says nothing of the test."""
    found, _ = look_at(Probe(FIGURES, FIGURES | {"cpu": [80, 200]}))
    assert found == [
        Reading("cpu", "os_mon@web1", 30.0),
        Reading("freemem", "os_mon@web1", 512.5),
        Reading("load", "os_mon@web1", 0.25),
        Reading("recvpackets", "os_mon@web1", 7.0, COUNTER),
        Reading("sentpackets", "os_mon@web1", 9.0, COUNTER),
    ]
    found, _ = look_at(
        Probe(FIGURES, FIGURES | {"cpu": [80, 200]}, FIGURES | {"cpu": [80, 220]}), times=2
    )
    assert found[0].value == 0.0


def test_a_clock_that_stood_still_is_no_division_by_zero() -> None:
    """Ticks come a hundred times a second, and a virtual machine may be paused."""
    found, _ = look_at(Probe(FIGURES, FIGURES))
    assert "cpu" not in {one.metric for one in found}


def test_an_agents_host_tells_its_levels_itself() -> None:
    """The same figure twice in a block would be a mean of two moments."""
    found, _ = look_at(Probe(FIGURES, FIGURES | {"cpu": [80, 200]}), with_levels=False)
    assert {one.metric for one in found} == {"recvpackets", "sentpackets"}


def test_mysql_is_read_out_of_its_status() -> None:
    """Threads are a level, queries a counter."""
    status = "Uptime: 5  Threads: 2  Questions: 31  Slow queries: 0  Opens: 17"
    probe = Probe(FIGURES, FIGURES | {"mysql": status, "mysql_error": ""})
    found, complaints = look_at(probe, mysql=MysqlAdmin(3307, "me", "x"))
    assert found[-2:] == [
        Reading("mysql_threads", "os_mon@web1", 2.0),
        Reading("mysql_questions", "os_mon@web1", 31.0, COUNTER),
    ]
    assert complaints == []
    access = {"port": 3307, "username": "me", "password": "x"}
    assert probe.asked == [{}, {"mysql": access}]


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [("", "Access denied\n", "Access denied"), ("what?", "", "what?"), ("", "", "nothing")],
)
def test_a_mysql_that_says_nothing_of_use(said: str, error: str, words: str) -> None:
    """Its own words are the best hint there is."""
    probe = Probe(FIGURES, FIGURES | {"mysql": said, "mysql_error": error})
    found, (complaint,) = look_at(probe, mysql=MysqlAdmin())
    assert found[-1].metric == "sentpackets"
    assert words in complaint
    assert "mysqladmin status" in complaint


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (FIGURES,),
        (b"no JSON",),
        (b"[1]",),
        ({"cpu": "x"},),
        (FIGURES, {"cpu": [1, 2]}),
        (FIGURES, FIGURES | {"packets": [1]}),
        (FIGURES, b"x" * 70000),
    ],
)
def test_a_far_end_that_fails_is_said_and_left(answers: tuple[Any, ...]) -> None:
    """A host that is switched off, a probe that was killed, a shell that talks in between."""
    probe = Probe(*answers)
    with pytest.raises(MonitorError, match="probe"):
        look_at(probe)
    assert probe.is_left


def test_the_first_look_waits_for_something_to_measure() -> None:
    """A processor's load over a few microseconds is all or nothing."""
    times: list[float] = []

    class Timed(Probe):
        @asynccontextmanager
        async def connect(self) -> AsyncIterator[trio.abc.Stream]:
            times.append(trio.current_time())
            async with super().connect() as stream:
                yield stream
            times.append(trio.current_time())

    look_at(Timed(FIGURES, FIGURES))
    assert times[1] - times[0] == pytest.approx(1.0)
