"""Watching hosts: in time, for as long as they answer, and never at the test's cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trio.testing

from pytsung.monitor.source import Complain, Look, MonitorError
from pytsung.monitor.watch import Monitoring, next_reading
from pytsung.stats.readings import Reading, ReadingKind

Script = Callable[[int, float], Any]
"""What a source does at its n-th look, at a time: readings, or an exception to raise."""


@dataclass
class Scripted:
    """A host that does as it is told; counts who has hold of it."""

    script: Script
    opened: int = 0
    closed: int = 0
    looks: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        self.opened += 1

        async def look() -> Sequence[Reading]:
            now = trio.current_time()
            self.looks.append(now)
            found = self.script(len(self.looks), now)
            if isinstance(found, Exception):
                raise found
            if found is None:
                await trio.sleep_forever()
            if isinstance(found, str):
                complain(found)
                return []
            return list(found)

        try:
            yield look
        finally:
            self.closed += 1


@dataclass
class Ear:
    """Hears of hosts, with the time."""

    readings: list[tuple[float, Reading]] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reading(self, reading: Reading) -> None:
        self.readings.append((trio.current_time(), reading))

    def event(self, kind: str, at: float, **fields: Any) -> None:
        assert at == pytest.approx(1000 + trio.current_time())
        self.events.append((kind, fields["host"], fields.get("reason", "")))

    def note(self, level: int, source: str, text: str) -> None:
        assert source == "monitor"
        self.notes.append(text)


def watch(seconds: float, **hosts: Scripted) -> Ear:
    """Watch hosts for a time of the test; the clock is set to jump."""
    ear = Ear()

    async def main() -> None:
        begins = trio.current_time()
        monitoring = Monitoring(dict(hosts))
        with trio.move_on_after(seconds):
            await monitoring.run(
                ear, lambda: trio.current_time() - begins, lambda at: 1000 + begins + at
            )

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return ear


def load(*_: Any) -> list[Reading]:
    return [Reading("load", "os_mon@web1", 0.5)]


@pytest.mark.parametrize(
    ("elapsed", "due"), [(-1.0, 5), (0.1, 5), (2.9, 5), (3.1, 15), (5.0, 15), (12.9, 15), (14, 25)]
)
def test_readings_lie_in_the_middle_of_a_block(elapsed: float, due: float) -> None:
    """So each block of `tsung.log` has one, although no reading is ever quite in time."""
    assert next_reading(elapsed) == due


def test_a_host_is_read_at_once_and_then_every_ten_seconds() -> None:
    """The first figures are there with the first users."""
    host = Scripted(load)
    ear = watch(40, web1=host)
    assert [at for at, _ in ear.readings] == [0, 5, 15, 25, 35]
    assert ear.events == []
    assert (host.opened, host.closed) == (1, 1)


def test_a_host_that_cannot_be_reached_is_said_once_and_tried_again() -> None:
    """A line every 30 s would bury what else is said; a host that comes up is welcome."""

    def script(count: int, now: float) -> Any:
        return MonitorError("it is off; switch it on") if now < 70 else load()

    host = Scripted(script)
    ear = watch(100, web1=host)
    assert host.looks == [0, 30, 60, 90, 95]
    assert ear.events == [
        ("monitor-unreachable", "web1", "it is off; switch it on"),
        ("monitor-back", "web1", ""),
    ]
    assert ear.notes == [
        "web1: not monitored: it is off; switch it on",
        "web1: monitored again",
    ]
    assert host.opened == host.closed == 4


def test_a_host_that_is_lost_in_mid_run_is_an_event() -> None:
    """Somebody will ask later why the curve ends there."""
    host = Scripted(lambda count, now: load() if count < 3 else MonitorError("gone; look there"))
    ear = watch(16, web1=host)
    assert [kind for kind, *_ in ear.events] == ["monitor-lost"]
    assert len(ear.readings) == 2


def test_a_host_that_hangs_holds_up_nobody() -> None:
    """Its own reading is given up after five seconds; the others do not even notice."""
    hanging, good = Scripted(lambda *_: None), Scripted(load)
    ear = watch(30, hanging=hanging, good=good)
    assert [at for at, _ in ear.readings] == [0, 5, 15, 25]
    assert ear.events == [
        (
            "monitor-unreachable",
            "hanging",
            "no answer within 5 s; see whether the host is overloaded",
        )
    ]
    assert hanging.closed == 1


def test_even_a_defect_of_ours_ends_no_test() -> None:
    """Figures of the target are worth much, the test itself more."""
    ear = watch(20, web1=Scripted(lambda *_: ZeroDivisionError("oh")), web2=Scripted(load))
    ((kind, host, reason),) = ear.events
    assert (kind, host) == ("monitor-unreachable", "web1")
    assert "ZeroDivisionError" in reason
    assert "report" in reason
    assert len(ear.readings) == 3


def test_what_a_host_lacks_is_said_once() -> None:
    """It is asked for, and missing, every ten seconds."""
    ear = watch(40, web1=Scripted(lambda *_: "no plugin cpu; link it"))
    assert ear.notes == ["web1: no plugin cpu; link it"]


def test_counters_are_metered() -> None:
    """The first reading of a counter says nothing yet; then the time that passed counts."""

    def packets(count: int, now: float) -> list[Reading]:
        return [Reading("recvpackets", "os_mon@web1", 7 * now + 1, ReadingKind.COUNTER)]

    ear = watch(20, web1=Scripted(packets))
    assert [at for at, _ in ear.readings] == [5, 15]
    assert [one.value for _, one in ear.readings] == pytest.approx([70, 70])


def test_nothing_to_watch_is_no_work() -> None:
    """A run without monitored hosts has nothing of this."""
    assert watch(100) == Ear()
