"""Hosts that are watched while a test runs: read in time, and tried again when they fail.

Each host has a task of its own, so one that hangs holds up nobody. Must not know how a
host is asked, nor what becomes of the readings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import trio

from pytsung.monitor.source import Look, MonitorError, Source
from pytsung.stats.readings import PERIOD, Meter, Reading

PLACE = 5.0
"""Where within ten seconds of the test hosts are read: far from either end of a block of
`tsung.log`, so that each block has one reading, be it a little late or not."""

LEAST_APART = 2.0
"""Seconds between the first reading and the next: a rate over less says little."""

READ_TIME = 5.0
"""Seconds for one reading, as Tsung gives SNMP."""

AGAIN = 30.0
"""Seconds until a host that failed is tried again, as Tsung does it for munin."""

Elapsed = Callable[[], float]
"""Seconds of the test; below zero before it begins."""


class Hearer(Protocol):
    """Hears of monitored hosts. `at` is Unix time."""

    def reading(self, reading: Reading) -> None:
        """A figure of a host."""
        ...

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """A host cannot be read, or can be again."""
        ...

    def note(self, level: int, source: str, text: str) -> None:
        """The same in words; `level` as in syslog."""
        ...


class Monitoring:
    """All hosts that are watched, by the names that the configuration gives them."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = sources

    async def run(self, hearer: Hearer, elapsed: Elapsed, unix: Callable[[float], float]) -> None:
        """Watch until cancelled; `unix` makes Unix time of seconds of the test."""
        async with trio.open_nursery() as nursery:
            for host, source in self.sources.items():
                watch = _Watch(host, source, hearer, elapsed, unix)
                nursery.start_soon(watch.run)


UNMONITORED = Monitoring({})
"""Watches nobody."""


class _Watch:
    """One host."""

    def __init__(
        self,
        host: str,
        source: Source,
        hearer: Hearer,
        elapsed: Elapsed,
        unix: Callable[[float], float],
    ) -> None:
        self._host = host
        self._source = source
        self._hearer = hearer
        self._elapsed = elapsed
        self._unix = unix
        self._meter = Meter()
        self._was_read = False
        self._is_missing = False
        self._complaints: set[str] = set()

    async def run(self) -> None:
        while True:
            try:
                async with self._source.open(self._complain) as look:
                    await self._follow(look)
            except MonitorError as error:
                self._say_missing(str(error))
            except Exception as error:  # noqa: BLE001 - no look at a host may end a test
                self._say_missing(f"{error!r}, which is a defect of pytsung; please report it")
            await trio.sleep(AGAIN)

    async def _follow(self, look: Look) -> None:
        """Read the host again and again, until it fails."""
        while True:
            try:
                with trio.fail_after(READ_TIME):
                    readings = await look()
            except trio.TooSlowError:
                raise MonitorError(
                    f"no answer within {READ_TIME:.0f} s; see whether the host is overloaded"
                ) from None
            at = self._elapsed()
            self._say_back(at)
            for reading in readings:
                metered = self._meter.take(reading, at)
                if metered is not None:
                    self._hearer.reading(metered)
            await trio.sleep(next_reading(self._elapsed()) - self._elapsed())

    def _complain(self, text: str) -> None:
        if text not in self._complaints:
            self._complaints.add(text)
            self._hearer.note(4, "monitor", f"{self._host}: {text}")

    def _say_missing(self, reason: str) -> None:
        """Tell it once, however often the host is tried."""
        if self._is_missing:
            return
        self._is_missing = True
        kind = "monitor-lost" if self._was_read else "monitor-unreachable"
        self._hearer.event(kind, self._unix(self._elapsed()), host=self._host, reason=reason)
        self._hearer.note(4, "monitor", f"{self._host}: not monitored: {reason}")

    def _say_back(self, at: float) -> None:
        if self._is_missing:
            self._hearer.event("monitor-back", self._unix(at), host=self._host)
            self._hearer.note(5, "monitor", f"{self._host}: monitored again")
        self._was_read, self._is_missing = True, False


def next_reading(elapsed: float) -> float:
    """When a host that was read now is read next, in seconds of the test."""
    due = (math.floor((elapsed - PLACE) / PERIOD) + 1) * PERIOD + PLACE
    return due if due - elapsed >= LEAST_APART else due + PERIOD
