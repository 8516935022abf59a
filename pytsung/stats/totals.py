"""What a whole run adds up to, from its intervals; and whether the sums are sound.

Must not know how many agents there were, nor judge anything: `verdict` does.
Memory is bounded by the number of names, not by the length of the run.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytsung.stats.fan_out import FanOut
from pytsung.stats.interval import Interval, merge_samples
from pytsung.stats.summary import SampleSummary


class RunTotals:
    """Running totals of a run; give it one merged interval per second, in any order.

    `users_open` and `connections_open` are the levels at the end of the latest
    interval, the peaks the highest level at the end of any. `generator` holds
    the samples about ourselves: `lateness`, `loop_lag` (s), `worker_cpu` (0 to 1).
    `fan_out` tells how published events spread.

    With `counts_only` no samples are kept: enough for one agent's part of a run, and
    a tenth of the work.
    """

    __slots__ = (
        "_counts_only",
        "connections_closed",
        "connections_open",
        "connections_opened",
        "connections_peak",
        "counters",
        "fan_out",
        "generator",
        "intervals",
        "last_index",
        "samples",
        "users_dropped",
        "users_finished",
        "users_lost",
        "users_open",
        "users_peak",
        "users_started",
    )

    def __init__(self, *, counts_only: bool = False) -> None:
        self._counts_only = counts_only
        self.intervals = 0
        self.last_index = -1
        self.users_started = 0
        self.users_finished = 0
        self.users_open = 0
        self.users_peak = 0
        self.users_dropped = 0
        self.users_lost = 0
        self.connections_opened = 0
        self.connections_closed = 0
        self.connections_open = 0
        self.connections_peak = 0
        self.counters: dict[str, int] = {}
        self.samples: dict[str, SampleSummary] = {}
        self.generator: dict[str, SampleSummary] = {}
        self.fan_out = FanOut()

    @property
    def errors(self) -> int:
        """How many errors were counted, under all their names together."""
        return sum(count for name, count in self.counters.items() if name.startswith("error_"))

    @property
    def duration(self) -> float:
        """Seconds from the test's start to the end of the latest interval."""
        return float(self.last_index + 1)

    def add(self, interval: Interval) -> None:
        """Take in one interval; `interval` itself is left as it was."""
        self.intervals += 1
        self.users_started += interval.users_started
        self.users_finished += interval.users_finished
        self.users_dropped += interval.users_dropped
        self.users_lost += interval.users_lost
        self.connections_opened += interval.connections_opened
        self.connections_closed += interval.connections_closed
        self.users_peak = max(self.users_peak, interval.users_open)
        self.connections_peak = max(self.connections_peak, interval.connections_open)
        if interval.index > self.last_index:
            self.last_index = interval.index
            self.users_open = interval.users_open
            self.connections_open = interval.connections_open
        for name, count in interval.counters.items():
            self.counters[name] = self.counters.get(name, 0) + count
        if not self._counts_only:
            merge_samples(self.samples, interval.samples)
            merge_samples(self.generator, interval.generator)
            self.fan_out.add(interval.deliveries, interval.index)


def check_conservation(totals: RunTotals, agents: Mapping[str, RunTotals]) -> list[str]:
    """What does not add up, a sentence each; empty when all is well.

    Users: started = finished + open + lost, for the run and for each agent.
    Connections: opened = closed + open, where nobody was lost (what a lost worker
    had open is closed by the kernel, and nobody counts it). Sums over `agents`,
    by host name, equal `totals`.
    """
    faults = _check_one("the run", totals)
    for name, agent in agents.items():
        faults += _check_one(f"agent {name}", agent)
    for field in _ADDITIVE:
        whole = getattr(totals, field)
        parts = sum(getattr(agent, field) for agent in agents.values())
        if agents and whole != parts:
            what = field.replace("_", " ")
            faults.append(f"the run: {what} {whole:,}, but its agents together {parts:,}")
    return faults


_ADDITIVE = (
    "users_started",
    "users_finished",
    "users_lost",
    "users_dropped",
    "connections_opened",
    "connections_closed",
)


def _check_one(who: str, totals: RunTotals) -> list[str]:
    faults = []
    accounted = totals.users_finished + totals.users_open + totals.users_lost
    if totals.users_started != accounted:
        faults.append(
            f"{who}: {totals.users_started:,} users started, but {totals.users_finished:,} finished"
            f" + {totals.users_open:,} open + {totals.users_lost:,} lost = {accounted:,}"
        )
    accounted = totals.connections_closed + totals.connections_open
    if totals.connections_opened != accounted and not totals.users_lost:
        faults.append(
            f"{who}: {totals.connections_opened:,} connections opened, but"
            f" {totals.connections_closed:,} closed + {totals.connections_open:,} open"
            f" = {accounted:,}"
        )
    return faults
