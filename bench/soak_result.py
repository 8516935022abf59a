"""What a long run was like, minute by minute, and whether anything grew or got slower.

Takes the seconds that the run left, and looks at its processes. Must not know how it was
started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.graph import Panel
from bench.processes import Memory
from bench.trend import Tolerance
from bench.verdicts import Row, flat
from bench.windows import merged, split
from pytsung.stats import Interval

MINUTE = 60
MEMORY = Tolerance(part=0.02, least=4e6)
DESCRIPTORS = Tolerance(part=0.02, least=50)
MEDIAN = Tolerance(part=0.25, least=0.000_2)
TAIL = Tolerance(part=0.5, least=0.002)
"""How far the trend may go over the whole run: bytes, descriptors, seconds (p50 and p99)."""

PARTS = ("workers", "server", "controller and agent")
MEASURES = ("RSS", "PSS")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Some processes at a moment."""

    memory: Memory
    descriptors: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at a time (Unix) of the processes by their part."""

    at: float
    seen: Mapping[str, Footprint]


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of the run. Bytes, descriptors and seconds; `seen` is of its last moment."""

    connections: int
    opened: int
    requests: int
    errors: int
    times: Mapping[str, float]
    seen: Mapping[str, Footprint]


def minutes(
    seconds: Sequence[Interval], moments: Sequence[Moment], origin: float, begin: float, end: float
) -> list[Minute]:
    """The whole minutes from `begin` to `end`, seconds since the run's start at `origin` (Unix)."""
    found = []
    for number, window in enumerate(split(seconds, begin, end, MINUTE)):
        ends = origin + begin + (number + 1) * MINUTE
        seen = [one for one in moments if ends - MINUTE < one.at <= ends]
        if not window or not seen:
            continue
        times = {}
        for name in ("connect", "request"):
            whole = merged(window, name)
            times[f"{name} p50"], times[f"{name} p99"] = whole.percentiles((50, 99))
        errors = sum(
            count
            for one in window
            for name, count in one.counters.items()
            if name.startswith("error_")
        )
        opened = sum(one.connections_opened for one in window)
        requests = merged(window, "request").count
        last = window[-1].connections_open
        found.append(Minute(last, opened, requests, errors, times, seen[-1].seen))
    return found


def size(minute: Minute, part: str, measure: str) -> float:
    """Bytes of one part's memory."""
    memory = minute.seen[part].memory
    return float(memory.rss if measure == "RSS" else memory.pss)


def judge(found: Sequence[Minute]) -> list[Row]:
    """Every figure's trend against its tolerance; errors, of which there may be none."""
    rows = [
        flat(f"{part}, {m}", [size(one, part, m) for one in found], MEMORY, "MB", 1e-6)
        for part in PARTS
        for m in MEASURES
    ]
    rows += [
        flat(
            f"{part}, descriptors",
            [one.seen[part].descriptors for one in found],
            DESCRIPTORS,
            "",
            1,
        )
        for part in PARTS
    ]
    for name in ("connect p50", "connect p99", "request p50", "request p99"):
        tolerance = MEDIAN if name.endswith("p50") else TAIL
        rows.append(flat(name, [one.times[name] for one in found], tolerance, "ms", 1e3))
    errors = sum(one.errors for one in found)
    rows.append(Row("errors", f"{errors:,}", "0", not errors))
    return rows


def table(found: Sequence[Minute]) -> list[str]:
    """A row for each minute."""
    names = ["minute", "connections", "opened", "requests", "errors"]
    names += ["workers RSS / PSS, MB", "server RSS / PSS, MB", "descriptors"]
    names += ["connect p50 / p99, ms", "request p50 / p99, ms"]
    lines = [f"| {' | '.join(names)} |", "|" + " --- |" * len(names)]
    for number, one in enumerate(found, start=1):
        cells = [f"{number}", *(f"{n:,}" for n in (one.connections, one.opened, one.requests))]
        cells.append(f"{one.errors:,}")
        for part in ("workers", "server"):
            memory = (f"{size(one, part, measure) / 1e6:,.1f}" for measure in MEASURES)
            cells.append(" / ".join(memory))
        cells.append(f"{sum(part.descriptors for part in one.seen.values()):,}")
        cells += [
            " / ".join(f"{one.times[f'{name} {p}'] * 1e3:.2f}" for p in ("p50", "p99"))
            for name in ("connect", "request")
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def panels(found: Sequence[Minute]) -> list[Panel]:
    """The graph of all that is judged."""
    memory = {
        f"{part} {m}": [size(one, part, m) / 1e6 for one in found]
        for part in ("workers", "server")
        for m in MEASURES
    }
    descriptors = {part: [float(one.seen[part].descriptors) for one in found] for part in PARTS}
    drawn = [Panel("memory, MB", memory), Panel("descriptors", descriptors)]
    for p in ("p50", "p99"):
        times = {n: [one.times[f"{n} {p}"] * 1e3 for one in found] for n in ("connect", "request")}
        drawn.append(Panel(f"{p}, ms", times))
    return drawn
