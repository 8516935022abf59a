"""Whether a run's figures can be believed: `clean`, `degraded` or `invalid`, and why.

Arithmetic on intervals and totals; the rules are a table in
`docs/explanation/verdict.md`. Must not know the target's answers: a slow or
failing target is a result, only a load generator that did not keep its word
spoils one. Must not know how agents are reached.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytsung.stats.interval import Interval
from pytsung.stats.summary import SampleSummary
from pytsung.stats.totals import RunTotals

LATENESS = 0.050
"""Seconds an arrival may be late: p99 within an interval above it degrades."""

RUN_LATENESS = 1.0
"""Seconds; lateness p99 over the whole run above it makes the run invalid."""

LOOP_LAG = 0.020
"""Seconds a worker's loop may be behind its timers: p99 within an interval."""

WORKER_CPU = 0.90
"""Part of one core that a worker may use within an interval."""

STARTED_PART = 0.95
"""Part of the users wanted that must have started."""

CHANCE = 4.0
"""Standard deviations of a Poisson count that pass as chance (1 run in 30,000)."""

BUSY_PART = 1 / 3
"""Part of the intervals in which the generator may be short of time."""

LOST_PART = 1 / 2
"""Part of the started users that may be lost with their workers."""

MEANINGFUL = 100
"""Samples from which a 99th percentile is more than just the highest of them."""

GLARING = 10.0
"""A single sample that is so many times its limit is no accident of measuring."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` is `clean`, `degraded` or `invalid`; `reasons` say why, the gravest first."""

    status: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The status alone when clean, else with its first reason."""
        return f"{self.status}: {self.reasons[0]}" if self.reasons else self.status


@dataclass(slots=True)
class _Rule:
    """What was found under one rule: the worst case in words, and which intervals."""

    seconds: set[int] = field(default_factory=set)
    worst: float = 0.0
    sentence: str = ""

    def found(self, index: int, figure: float, sentence: str) -> None:
        self.seconds.add(index)
        if figure > self.worst or not self.sentence:
            self.worst, self.sentence = figure, sentence

    def reason(self) -> str:
        """The worst case, and in how many seconds there were others."""
        count = len(self.seconds)
        return self.sentence if count == 1 else f"{self.sentence}; in {count} intervals in all"


class Judge:
    """Watches a run interval by interval, and judges it at the end.

    Findings are kept as the worst one per rule and the seconds concerned, so a
    long run costs a few bytes a second at worst.
    """

    def __init__(self) -> None:
        self._late = _Rule()
        self._lag = _Rule()
        self._cpu = _Rule()
        self._missing = _Rule()
        self._told = 0
        self._owed = 0
        self._events: list[str] = []

    def interval(self, agent: str, interval: Interval, missing: Sequence[int] = ()) -> None:
        """Look at one agent's interval; `missing` are workers whose part is not in it."""
        index = interval.index
        place = f"agent {agent}, {index} s"
        late = worst_percentile(interval.generator.get("lateness"), LATENESS)
        if late > LATENESS:
            text = f"{place}: arrivals started late, p99 {_ms(late)} (limit {_ms(LATENESS)})"
            self._late.found(index, late, text)
        lag = worst_percentile(interval.generator.get("loop_lag"), LOOP_LAG)
        if lag > LOOP_LAG:
            text = f"{place}: loop lag p99 {_ms(lag)} (limit {_ms(LOOP_LAG)})"
            self._lag.found(index, lag, text)
        cpu = interval.generator.get("worker_cpu")
        if cpu is not None and cpu.maximum > WORKER_CPU:
            text = f"{place}: a worker used {cpu.maximum:.1%} of a core (limit {WORKER_CPU:.0%})"
            self._cpu.found(index, cpu.maximum, text)
        if missing:
            self.missing(agent, index, missing)

    def missing(self, agent: str, index: int, workers: Sequence[int] = ()) -> None:
        """An agent's interval did not come, or without the part of these workers."""
        whose = "worker " + ", ".join(str(worker) for worker in workers) if workers else "the agent"
        text = f"agent {agent}, {index} s: no figures from {whose}"
        self._missing.found(index, len(workers) or math.inf, text)

    def covered(self, told: int, owed: int) -> None:
        """So many agents told of a second, of so many that played in it."""
        self._told += told
        self._owed += owed

    @property
    def coverage(self) -> float:
        """The part of what agents had to tell, second by second, that is in the figures."""
        return self._told / self._owed if self._owed else 1.0

    def lost(
        self, agent: str, *, at: float, users: int, worker: int | None = None, reason: str = ""
    ) -> None:
        """An agent (or one of its workers) is gone, and `users` users with it.

        This gives the reason its words; what counts is `users_lost` of the intervals.
        """
        who = "lost" if worker is None else f"worker {worker} lost"
        why = f" ({reason})" if reason else ""
        self._events.append(f"agent {agent}, {at:.0f} s: {who} with {users:,} users{why}")

    def stalled(self, agent: str, *, at: float, silence: float) -> None:
        """Nothing was heard from an agent for `silence` seconds."""
        self._events.append(f"agent {agent}, {at:.0f} s: stalled, silent for {silence:.0f} s")

    def verdict(self, totals: RunTotals, *, wanted: float, faults: Sequence[str] = ()) -> Verdict:
        """The verdict on the run.

        Args:
            totals: the whole run.
            wanted: users that the plan wanted started by the time the run ended;
                for a run that was stopped, those due until then.
            faults: what makes any figure worthless: sums that do not add up
                (`check_conservation`), an early end by a fault, a loss beyond
                the policy. A stop by the operator or by `abort` is none.
        """
        judged = (
            *faults,
            _judge_starts(totals, wanted - totals.users_dropped),
            _judge_lateness(totals),
            _judge_losses(totals),
            self._judge_generator(totals),
        )
        fatal = [reason for reason in judged if reason]
        found = [rule.reason() for rule in self._rules() if rule.seconds]
        if self.coverage < 1:
            found.insert(0, f"fleet: the figures cover {self.coverage:.1%} of its agents' time")
        reasons = (*fatal, *_shorten(self._events), *found)
        if fatal:
            return Verdict("invalid", reasons)
        return Verdict("degraded" if reasons else "clean", reasons)

    def _rules(self) -> tuple[_Rule, ...]:
        return (self._missing, self._late, self._lag, self._cpu)

    def _judge_generator(self, totals: RunTotals) -> str:
        """More than a third of the intervals short of time; one alone never condemns a run.

        Late arrivals count as well: a worker that shares its core is saturated long before
        it has 90 % of it, and its loop turns quickly while users wait for their start.
        """
        busy = len(self._lag.seconds | self._cpu.seconds | self._late.seconds)
        if busy <= 1 or busy <= totals.intervals * BUSY_PART:
            return ""
        return (
            f"load generator: short of processor time in {busy} of {totals.intervals} intervals"
            " (limit a third); use more workers or hosts"
        )


def worst_percentile(samples: SampleSummary | None, limit: float) -> float:
    """The figure to hold against `limit`: p99, unless the samples are too few for one.

    The 99th percentile of fewer than 100 values is the highest of them, and one
    outlier would decide. So below 100 the second highest speaks, unless the
    highest is glaring (ten times the limit): then the loop did stand still.
    """
    if samples is None or not samples.count:
        return 0.0
    if samples.count >= MEANINGFUL:
        return samples.percentile(99)
    if samples.maximum > limit * GLARING:
        return samples.maximum
    if samples.count == 1:
        return 0.0
    return samples.percentile(100 * (samples.count - 1.5) / samples.count)  # rank count - 1


def _judge_starts(totals: RunTotals, wanted: float) -> str:
    """Too few users started, by more than chance; `wanted` is without those that a phase dropped.

    Users that Tsung's own rule leaves unstarted at a phase's end do not spoil a run.
    """
    started = totals.users_started
    if started >= wanted * STARTED_PART or wanted - started <= CHANCE * math.sqrt(wanted):
        return ""
    part = f"{started / wanted:.1%}, limit {STARTED_PART:.0%}"
    return f"the run: {started:,} of {wanted:,.0f} users started ({part})"


def _judge_lateness(totals: RunTotals) -> str:
    late = worst_percentile(totals.generator.get("lateness"), RUN_LATENESS)
    if late <= RUN_LATENESS:
        return ""
    return f"the run: arrivals started late, p99 {_ms(late)} (limit {_ms(RUN_LATENESS)})"


def _judge_losses(totals: RunTotals) -> str:
    lost, started = totals.users_lost, totals.users_started
    if lost <= started * LOST_PART:
        return ""
    return f"the run: {lost:,} of {started:,} users lost with their workers (limit {LOST_PART:.0%})"


MOST_EVENTS = 3
"""Losses and stalls named one by one; further ones are only counted."""


def _shorten(events: Sequence[str]) -> list[str]:
    if len(events) <= MOST_EVENTS:
        return [*events]
    further = len(events) - MOST_EVENTS
    return [*events[:MOST_EVENTS], f"fleet: {further} more losses or stalls (see events.jsonl)"]


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    text = f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.1f}"
    return text.removesuffix(".0") + " ms"
