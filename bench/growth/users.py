"""How cost grows with users: what each takes to come, and to be held, from 1,000 to a million.

    python -m bench.growth.users [--top 1000000] [--rate 7000] [--graph FILE.svg]

Answers: CPU of opening a WebSocket (all processes of pytsung, until half a second after the
last came); memory that each user takes of the workers, and of the machine as a whole, with
the kernel's part and the server's; CPU of the workers, together, while all of them are in
think times of 30 s, and of the controller and the agent meanwhile. RSS is that beyond empty
workers; PSS has those too that had to be started because one holds 19,000 users at most. The
bundled server is on the same machine, with as many workers as its descriptors ask for.
Four minutes; `--top 100000` takes one.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass

from bench import goals
from bench.footprint import available
from bench.generators import Running, generate, pytsung
from bench.growth import outcome
from bench.growth.curve import Curve, Point, sizes
from bench.machine import raise_descriptor_limit
from bench.memory import memory_of, workers_of
from bench.processes import Memory
from bench.sessions import Load, fresh_sources
from bench.target import Target, bundled_server

FIRST, MILLION = 1_000, 1_000_000
WORKERS = 2
PER_SOURCE = 10_000
"""Connections from one source address: beyond some 14,000 `connect` itself gets slow."""

PER_SERVER = 16_700
"""Connections of one worker of the server: what its 20,000 descriptors hold, less six standard
deviations of the kernel's way to spread them."""

THINK = 30.0
STAY = 1200.0
"""Seconds that nobody leaves before."""

SETTLE = 0.5
WINDOW = 10.0
LOOK = 0.05
PATIENCE = 60.0
GENERATOR = pytsung("-w", "2s", "--no-report")  # time to look at workers without users


@dataclass(frozen=True, slots=True)
class Look:
    """What pytsung's processes have used (seconds) and its workers have (bytes), at a time."""

    cpu: float
    workers: int
    memory: Memory
    available: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many users cost: to open all, seconds; to hold all, parts of one core."""

    users: int
    opening: float
    before: Look
    after: Look
    holding: float
    governing: float

    @property
    def rss(self) -> float:
        """Bytes a user, beyond what empty workers have."""
        empty = self.before.memory.rss / self.before.workers * self.after.workers
        return (self.after.memory.rss - empty) / self.users

    @property
    def pss(self) -> float:
        """Bytes a user, with the workers that had to be added for them."""
        return (self.after.memory.pss - self.before.memory.pss) / self.users

    @property
    def machine(self) -> float:
        """Bytes a user of the whole machine: kernel, server, and all."""
        return (self.before.available - self.after.available) / self.users

    def row(self) -> str:
        """Its row of the table."""
        return outcome.row(
            [
                f"{self.users:,}",
                f"{self.after.workers}",
                outcome.microseconds(self.opening / self.users),
                outcome.size_of(self.rss),
                outcome.size_of(self.pss),
                outcome.size_of(self.machine),
                f"{self.holding:.1%}",
                outcome.microseconds(self.holding / self.users * THINK),
                f"{self.governing:.1%}",
            ]
        )


COLUMNS = (
    "users",
    "workers",
    "CPU to open one",
    "RSS each",
    "PSS each",
    "machine each",
    "workers hold, of one core",
    "per think time",
    "controller and agent",
)


def measure(users: int, rate: float) -> Cost:
    """Let the users come, hold them for a while. Raises TimeoutError if they do not come."""
    with bundled_server(math.ceil(users / PER_SERVER)) as target:
        load = Load(
            port=target.port,
            sources=fresh_sources(max(2, math.ceil(users / PER_SOURCE))),
            users=users,
            rate=rate,
            workers=WORKERS,
            hold=STAY,
            think=THINK,
        )
        with generate(GENERATOR, load) as running:
            before = _before(running, target)
            _wait_for(running, target, users, users / rate * 3 + PATIENCE)
            time.sleep(SETTLE)
            after = _look(running)
            opening = after.cpu - before.cpu
            holding, governing = _hold(running)
            if target.connections() < users:
                raise TimeoutError(f"of {users:,} users some left while they were measured")
            running.family.kill()  # nobody needs to be said goodbye to
            _wait_for_none(target)
    return Cost(users, opening, before, after, holding, governing)


def _look(running: Running) -> Look:
    pids = workers_of(GENERATOR, running)
    memory = running.family.memory(pids)
    return Look(running.family.run_time(), len(pids), memory, available())


def _before(running: Running, target: Target) -> Look:
    """The last look before the first connection. Raises TimeoutError without one."""
    seen: Look | None = None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        running.require_alive()
        pids = workers_of(GENERATOR, running)
        memory = memory_of(running, pids, WORKERS)
        cpu = running.family.run_time()
        if target.connections():
            break
        seen = Look(cpu, WORKERS, memory, available()) if memory else seen
        time.sleep(LOOK)
    if seen is None:
        raise TimeoutError(f"{WORKERS} workers were not seen before users came")
    return seen


def _wait_for(running: Running, target: Target, users: int, patience: float) -> None:
    until = time.monotonic() + patience
    while (come := target.connections()) < users:
        running.require_alive()
        if time.monotonic() > until:
            raise TimeoutError(f"{come:,} of {users:,} users came within {patience:.0f} s")
        time.sleep(LOOK)


def _wait_for_none(target: Target) -> None:
    """Until the server has closed its connections too; it is given up, not waited for forever."""
    until = time.monotonic() + PATIENCE
    while target.connections() > 0 and time.monotonic() < until:
        time.sleep(LOOK)


def _hold(running: Running) -> tuple[float, float]:
    """Parts of one core that workers, and all others of pytsung, use for a while."""
    workers = workers_of(GENERATOR, running)
    others = [pid for pid in running.family.pids if pid not in workers]
    began = time.monotonic()
    at_first = running.family.run_time(workers), running.family.run_time(others)
    time.sleep(WINDOW)
    passed = time.monotonic() - began
    at_last = running.family.run_time(workers), running.family.run_time(others)
    return (at_last[0] - at_first[0]) / passed, (at_last[1] - at_first[1]) / passed


def curves(costs: list[Cost]) -> list[Curve]:
    """What one user costs, in each respect."""

    def points(each: list[float]) -> tuple[Point, ...]:
        return tuple(
            Point(cost.users, value) for cost, value in zip(costs, each, strict=True) if value > 0
        )

    opening = points([cost.opening / cost.users for cost in costs])
    thinking = points([cost.holding / cost.users * THINK for cost in costs])
    return [
        Curve("CPU to open", outcome.microseconds, opening),
        Curve("Memory (PSS)", outcome.size_of, points([cost.pss for cost in costs])),
        Curve("Memory of the machine", outcome.size_of, points([cost.machine for cost in costs])),
        Curve("CPU per think time", outcome.microseconds, thinking),
    ]


def main() -> None:
    """Print the table."""
    parser = outcome.options_of(__doc__ or "", MILLION, "users")
    parser.add_argument("--rate", type=float, default=7000.0, help="arrivals/s (%(default)g)")
    options = parser.parse_args()
    raise_descriptor_limit()
    outcome.begin(
        f"Users arrive at {options.rate:,.0f}/s, open a WebSocket, and then think,"
        f" {THINK:.0f} s at a time on average.",
        COLUMNS,
    )
    costs: list[Cost] = []
    for users in sizes(FIRST, options.top, factors=(1,)):
        print(f"{users:,} users", file=sys.stderr)
        costs.append(measure(users, options.rate))
        print(costs[-1].row(), flush=True)
    outcome.conclude(curves(costs), "users", options.graph)
    if (most := costs[-1]).users >= MILLION:
        goals.say("holding", most.holding, f"{most.holding:.2f} core for {most.users:,}")


if __name__ == "__main__":
    main()
