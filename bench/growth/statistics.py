"""How cost grows with statistics: from 10 names of transactions and counters to 1,000.

    python -m bench.growth.statistics [--top 1000] [--seconds 10] [--graph FILE.svg]

Answers: what so many names in each report of four agents cost the controller, in CPU and in
memory that it takes beyond what it had before the first; how long a second's record gets in
its log; and how long a report of 100 such seconds takes, and with how much memory. Half of
the names count, half are transactions with 20 samples a second. Two minutes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.controller import Outcome, Speech
from bench.growth import outcome
from bench.growth.controllers import control
from bench.growth.curve import Curve, Point, sizes
from bench.report import report, write_log

FIRST = 10
AGENTS, USERS = 4, 31
REPORTED = 100
COLUMNS = (
    "statistics",
    "controller, of one core",
    "CPU each, a second",
    "memory",
    "a second's record",
    f"report of {REPORTED} s",
    "its memory",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """So many names: what the controller did with them, and seconds and bytes of a report."""

    statistics: int
    controller: Outcome
    report: tuple[float, float]

    @property
    def part(self) -> float:
        """The controller's part of one core."""
        return self.controller.cpu / self.controller.wall

    def row(self) -> str:
        """Its row of the table."""
        seconds, memory = self.report
        return outcome.row(
            [
                f"{self.statistics:,}",
                f"{self.part:.1%}",
                outcome.microseconds(self.part / self.statistics),
                outcome.size_of(self.controller.memory),
                outcome.size_of(self.controller.record),
                f"{seconds:.1f} s",
                outcome.size_of(memory),
            ]
        )


def measure(statistics: int, seconds: int) -> Cost:
    """A run of voices, and a report of a log that is made."""
    told = control(AGENTS, Speech(seconds, USERS, statistics))
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
        write_log(Path(name), REPORTED, statistics)
        return Cost(statistics, told, report(Path(name)))


def curves(costs: Sequence[Cost]) -> list[Curve]:
    """What one statistic costs, in each respect."""

    def points(each: list[float]) -> tuple[Point, ...]:
        pairs = zip(costs, each, strict=True)
        return tuple(Point(cost.statistics, value / cost.statistics) for cost, value in pairs)

    return [
        Curve("Controller's CPU a second", outcome.microseconds, points([c.part for c in costs])),
        Curve("Record", outcome.size_of, points([c.controller.record for c in costs])),
        Curve("Report", outcome.milliseconds, points([c.report[0] for c in costs])),
    ]


def main() -> None:
    """Print the table."""
    parser = outcome.options_of(__doc__ or "", 1000, "statistics")
    parser.add_argument("--seconds", type=int, default=10, help="of reports (%(default)s)")
    options = parser.parse_args()
    outcome.begin(f"{AGENTS} agents report every second.", COLUMNS)
    costs: list[Cost] = []
    for statistics in sizes(FIRST, options.top):
        print(f"{statistics:,} statistics", file=sys.stderr)
        costs.append(measure(statistics, options.seconds))
        print(costs[-1].row(), flush=True)
    outcome.conclude(curves(costs), "statistics", options.graph)


if __name__ == "__main__":
    main()
