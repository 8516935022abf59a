"""What a run of very many users was like: its goals, and its course window by window.

Takes the seconds and the summary that the run left, and looks at the machine. Must not
know how it was started.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from bench import footprint
from bench.bystanders import Use, cores
from bench.footprint import Look
from bench.graph import Panel
from bench.trend import Tolerance
from bench.verdicts import Row, flat
from bench.windows import arrivals, merged, reached, split, worker_cpu
from pytsung.stats import Interval

MILLION = 1_000_000
MOST_MEMORY = 9e9
MOST_SECONDS = 150.0
MOST_HOLDING = 0.25
MOST_OFF = 0.01
MOST_SIGMA = 4.0

WIDE, NARROW = 60, 10
"""Seconds of the windows in which arrivals are counted, and in which times are averaged."""

SETTLE = 5
"""Seconds after the last arrival, and before the first leaving, that are not yet holding."""

FLAT = Tolerance(part=0.5, least=0.000_25)
"""Mean times of windows may drift by half of their median over a run, or by 0.25 ms."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many users, and how fast."""

    users: int
    rate: float

    @property
    def arriving(self) -> float:
        """Seconds until the last user is due, chance aside."""
        return self.users / self.rate

    @property
    def at_its_rate(self) -> float:
        """Seconds in which users come at this rate.

        Their number is fixed, so the last of each of two workers is due sooner or later, by
        chance: four standard deviations before the end neither is.
        """
        return self.arriving - 4 * sqrt(2 * self.users) / self.rate

    @property
    def is_flat_out(self) -> bool:
        """Whether they come as fast as the machine takes them, not at a plan's leisure."""
        return self.rate * MOST_SECONDS >= MILLION


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left behind: its summary, and every second of it.

    And when it began, in Unix time, with what the machine's other processes used meanwhile.
    """

    summary: Mapping[str, Any]
    seconds: Sequence[Interval]
    origin: float = 0.0
    others: Sequence[Use] = ()


def judge(size: Size, left: Left, used: int) -> list[Row]:
    """The run against its goals. `used` is the most that the machine's memory shrank, in bytes.

    Figures that only mean something of a million have a goal only then.
    """
    is_million = size.users >= MILLION
    verdict = left.summary["verdict"]
    peak = left.summary["connections"]["peak"]
    errors = sum(n for name, n in left.summary["counters"].items() if name.startswith("error_"))
    came = reached(left.seconds, size.users)
    most = max(MOST_SECONDS, size.arriving * (1 + MOST_OFF))  # what the plan itself asks for
    rows = [
        Row("connected at once", f"{peak:,}", f"{size.users:,}", peak >= size.users),
        Row("errors", f"{errors:,}", "0", not errors),
        Row("verdict", verdict["status"], "clean", verdict["status"] == "clean"),
        Row(
            "all connected after",
            "never" if came is None else f"{came:,.0f} s",
            f"≤ {most:,.0f} s" if is_million else "",
            came is not None and came <= most,
        ),
        Row(
            "memory of the machine",
            f"{used / 1e9:.2f} GB, {used / size.users:,.0f} B a connection",
            f"≤ {MOST_MEMORY / 1e9:g} GB" if is_million else "",
            used <= MOST_MEMORY,
        ),
        *_as_planned(size, left.seconds),
    ]
    rows += [_flat(size, left, name) for name in ("connect", "request")]
    if busy := others(size, left):
        seen = f"{busy[0]:.2f} cores at first, {max(busy):.2f} at most"
        rows.append(Row("other processes meanwhile", seen))
    if came is not None:
        rows.append(_holding(held(left.seconds, size.users)))
    return rows


def _as_planned(size: Size, seconds: Sequence[Interval]) -> list[Row]:
    wide = arrivals(seconds, size.rate, size.at_its_rate, WIDE)
    narrow = arrivals(seconds, size.rate, size.at_its_rate, NARROW)
    rows = []
    if wide.counts:
        seen = f"{wide.worst_part:.2%} off at most, in {len(wide.counts)} windows"
        met = wide.worst_part <= MOST_OFF
        rows.append(Row(f"arrivals in {WIDE} s", seen, f"≤ {MOST_OFF:.0%}", met))
    if narrow.counts:
        seen = f"{narrow.worst_sigma:.1f} σ off at most, in {len(narrow.counts)} windows"
        met = narrow.worst_sigma <= MOST_SIGMA
        rows.append(Row(f"arrivals in {NARROW} s", seen, f"≤ {MOST_SIGMA:g} σ", met))
    return rows


def _flat(size: Size, left: Left, name: str) -> Row:
    """Without a goal flat out: with nothing to spare, a wait grows with all that is waited for."""
    row = flat(f"{name}, mean of {NARROW} s", means(size, left, name), FLAT, "ms", 1e3)
    return dataclasses.replace(row, goal="") if size.is_flat_out else row


def means(size: Size, left: Left, name: str) -> list[float]:
    """The mean of a statistic in each window while users arrive, in seconds."""
    windows = split(left.seconds, 0, size.arriving, NARROW)
    return [merged(window, name).mean for window in windows]


def others(size: Size, left: Left) -> list[float]:
    """The cores that other processes used in each window; empty where nobody looked."""
    windows = int(size.arriving) // NARROW
    return cores(left.others, left.origin, windows, NARROW) if left.others else []


def held(seconds: Sequence[Interval], users: int) -> list[Interval]:
    """The seconds in which all are there, and nobody comes or goes."""
    full = [one.index for one in seconds if one.connections_open >= users]
    if not full:
        return []
    begin, end = full[0] + SETTLE, full[-1] - SETTLE
    return [one for one in seconds if begin <= one.index <= end]


def _holding(seconds: Sequence[Interval]) -> Row:
    cores = worker_cpu(seconds)
    text = f"{cores:.3f} cores, over {len(seconds)} s"
    met = bool(seconds) and cores <= MOST_HOLDING
    return Row("workers while holding", text, f"≤ {MOST_HOLDING} cores", met)


def course(size: Size, left: Left) -> tuple[list[float], list[Panel]]:
    """The graph of the arrivals: their rate, mean times, and connections, window by window."""
    windows = split(left.seconds, 0, size.arriving, NARROW)
    times = [(number + 1) * NARROW / 60 for number in range(len(windows))]
    started = [sum(one.users_started for one in window) / NARROW for window in windows]
    open_ = [float(window[-1].connections_open) if window else 0.0 for window in windows]
    spent = {n: [value * 1e3 for value in means(size, left, n)] for n in ("connect", "request")}
    panels = [
        Panel("arrivals a second", {"users": started, "plan": [size.rate] * len(windows)}),
        Panel(f"mean time of {NARROW} s, ms", spent),
        Panel("open connections", {"connections": open_}),
    ]
    if busy := others(size, left):
        panels.append(Panel("cores used by other processes", {"others": busy}))
    return times, panels


def breakdown(before: Look, peak: Look, users: int) -> list[str]:
    """Where the memory went, as rows of a table: part, in all, and for each connection."""
    parts = footprint.growth(before, peak)
    whole = sum(parts.values())
    rows = ["| part of the machine's memory | GB | B a connection |", "| --- | --- | --- |"]
    for name, size in parts.items():
        rows.append(f"| {name} | {size / 1e9:.3f} | {size / users:,.0f} |")
    rows.append(f"| **together** | **{whole / 1e9:.3f}** | **{whole / users:,.0f}** |")
    return rows
