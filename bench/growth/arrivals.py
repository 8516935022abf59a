"""How cost grows with arrivals: from 100 users a second to 20,000.

    python -m bench.growth.arrivals [--top 20000] [--seconds 10] [--graph FILE.svg]

Answers: what one user costs who opens a WebSocket, stays for a second and closes it (CPU of
all processes of pytsung, over the seconds in which as many come as go); whether as many came
as planned; how late they were; what the verdict says. Where arrivals are as many as this
machine can make, with the bundled server beside two workers on it, the verdict must be the
first to tell. Arrivals are random, so that few of them differ from the plan by chance: 1,000
by 3 %. Two minutes.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.generators import Running, generate, pytsung
from bench.growth import outcome
from bench.growth.curve import Curve, Point, sizes
from bench.machine import raise_descriptor_limit
from bench.sessions import Load, fresh_sources
from bench.target import Target, bundled_server

FIRST = 100
WORKERS = 2
SERVERS = 4
"""Workers of the server: more than it needs, so that users who leave late find room."""

STAY = 1.0
SOURCES = 254
"""Addresses: who leaves keeps a port of one for a minute (TIME_WAIT)."""

EDGE = 1
"""Seconds at both ends of the arrivals that do not count: there fewer leave, or come."""

LOOK = 0.01
PATIENCE = 60.0
COLUMNS = ("planned", "came", "CPU each", "of one core", "late, p50", "late, p99", "verdict")


@dataclass(frozen=True, slots=True)
class Cost:
    """One rate: users planned and come in a second; seconds that one costs, and is late."""

    planned: int
    came: float
    each: float
    late: tuple[float, float]
    verdict: str

    def row(self) -> str:
        """Its row of the table."""
        return outcome.row(
            [
                f"{self.planned:,}/s",
                f"{self.came:,.0f}/s",
                outcome.microseconds(self.each),
                f"{self.each * self.came:.0%}",
                *(f"{late * 1e3:.1f} ms" for late in self.late),
                self.verdict,
            ]
        )


def measure(rate: int, seconds: int) -> Cost:
    """Let users come at a rate for a while. Raises TimeoutError if none does."""
    with bundled_server(SERVERS) as target:
        load = Load(
            port=target.port,
            sources=fresh_sources(SOURCES),
            users=rate * seconds,
            rate=rate,
            workers=WORKERS,
            hold=STAY,
        )
        with generate(pytsung("--no-report"), load) as running:
            used = _watch(running, target, seconds)
            log = running.wait(seconds * 3 + PATIENCE)
            started = started_in(log)
            summary: dict[str, Any] = json.loads((log / "summary.json").read_text())
    late = summary["lateness"]
    return Cost(
        planned=rate,
        came=rate_of(started),
        each=used / sum(started[EDGE : seconds - EDGE]),
        late=(late["p50"], late["p99"]),
        verdict=summary["verdict"]["status"],
    )


def _watch(running: Running, target: Target, seconds: int) -> float:
    """Seconds of CPU that are used from `EDGE` after the first connection to before the last."""
    until = time.monotonic() + PATIENCE
    while not target.connections():
        running.require_alive()
        if time.monotonic() > until:
            raise TimeoutError("nobody came")
        time.sleep(LOOK)
    began = time.monotonic()
    running.family.find()
    time.sleep(began + EDGE - time.monotonic())
    before = running.family.run_time()
    time.sleep(began + seconds - EDGE - time.monotonic())
    running.family.find()  # workers that were added have done all of their work since
    return running.family.run_time() - before


def started_in(log: Path) -> list[int]:
    """Users who started, in each second of a run."""
    lines = (log / "intervals.jsonl").read_text().splitlines()
    counts = {entry["index"]: entry["users_started"] for entry in _intervals(lines)}
    return [counts.get(index, 0) for index in range(max(counts) + 1)]


def _intervals(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line)["merged"] for line in lines]


def rate_of(started: list[int]) -> float:
    """Users a second, up to the last second in which any started, which may not be whole."""
    last = max(index for index, count in enumerate(started) if count)
    return sum(started[:last]) / last if last else float(started[0])


def main() -> None:
    """Print the table."""
    parser = outcome.options_of(__doc__ or "", 20_000, "arrivals a second")
    parser.add_argument("--seconds", type=int, default=10, help="of arrivals (%(default)s)")
    options = parser.parse_args()
    if options.seconds <= 2 * EDGE:
        parser.error(f"--seconds {options.seconds}: more than {2 * EDGE}, the ends do not count")
    raise_descriptor_limit()
    outcome.begin(
        f"Users open a WebSocket, stay {STAY:g} s and close it; {options.seconds} s of arrivals.",
        COLUMNS,
    )
    points = []
    for rate in sizes(FIRST, options.top):
        print(f"{rate:,} a second", file=sys.stderr)
        cost = measure(rate, options.seconds)
        points.append(Point(rate, cost.each))
        print(cost.row(), flush=True)
    curve = Curve("CPU of a user", outcome.microseconds, tuple(points))
    outcome.conclude([curve], "arrivals a second", options.graph)


if __name__ == "__main__":
    main()
