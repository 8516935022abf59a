"""What an idle WebSocket user takes of a worker's memory.

    python -m bench.memory [--users 20000]

Answers: by how much the workers' resident memory grows from no user to `--users` who
are connected and think, for each user; RSS and PSS (pages shared with other processes
counted in part), summed over the workers. Beside it Tsung with half as many users: it
has one process, whose descriptors would not reach for more. Memory of the kernel, about
4 KB for a connection, is the same for all and in neither. About a minute with Tsung.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

from bench import goals
from bench.generators import TSUNG, Generator, Running, generate, has_tsung, pytsung
from bench.machine import describe_machine, raise_descriptor_limit
from bench.processes import Memory
from bench.sessions import Load, fresh_sources
from bench.target import Target, bundled_server

WORKERS = 2
RATE = 2_000.0
PATIENCE = 40.0
LOOK = 0.1

RUN_ID = "PYTSUNG_RUN_ID"
"""Every process of a run of pytsung has it; those of them without children are the workers."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory of the workers without a user and with `users` of them."""

    users: int
    before: Memory
    after: Memory

    @property
    def rss(self) -> float:
        """Resident bytes for each user."""
        return (self.after.rss - self.before.rss) / self.users

    @property
    def pss(self) -> float:
        """Bytes for each user, shared pages counted in part."""
        return (self.after.pss - self.before.pss) / self.users


def workers_of(generator: Generator, running: Running) -> list[int]:
    """The processes that hold the users."""
    running.family.find()
    if generator is TSUNG:
        return running.family.named("beam.smp")
    return running.family.leaves(RUN_ID)


def measure(generator: Generator, users: int, workers: int, rate: float, settle: float) -> Growth:
    """Let the users arrive, wait `settle` seconds, compare. Raises TimeoutError if they do not."""
    with bundled_server(WORKERS) as target:
        load = Load(
            port=target.port, sources=fresh_sources(), users=users, rate=rate, workers=workers
        )
        with generate(generator, load) as running:
            before = _before(generator, running, target, workers)
            _wait_for(running, target, users, users / rate + PATIENCE)
            time.sleep(settle)
            after = running.family.memory(workers_of(generator, running))
            if target.connections() < users:
                raise TimeoutError(f"{generator.name}: users left before they were measured")
    return Growth(users, before, after)


def _before(generator: Generator, running: Running, target: Target, workers: int) -> Memory:
    """The workers' memory when all stand ready: the last look before the first connection."""
    seen: Memory | None = None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        running.require_alive()
        memory = memory_of(running, workers_of(generator, running), workers)
        if target.connections():
            break
        seen = memory or seen
        time.sleep(LOOK)
    if seen is None:
        raise TimeoutError(f"{generator.name}: its {workers} workers were not seen before users")
    return seen


def memory_of(running: Running, pids: list[int], workers: int) -> Memory | None:
    """What these processes have in memory; None when they are not the workers yet."""
    if len(pids) != workers:
        return None
    try:
        return running.family.memory(pids)
    except (FileNotFoundError, ProcessLookupError):
        return None  # a helper that was taken for a worker, and has ended


def _wait_for(running: Running, target: Target, users: int, patience: float) -> None:
    until = time.monotonic() + patience
    while target.connections() < users:
        running.require_alive()
        if time.monotonic() > until:
            raise TimeoutError(f"{target.connections()} of {users} users came")
        time.sleep(LOOK)


def row(name: str, growth: Growth) -> str:
    """One row of the table."""
    before, after = (f"{memory.rss / 2**20:.1f} MiB" for memory in (growth.before, growth.after))
    cells = [name, f"{growth.users:,}", f"{growth.rss:,.0f} B", f"{growth.pss:,.0f} B"]
    return "| " + " | ".join([*cells, before, after]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=20_000)
    options = parser.parse_args()
    raise_descriptor_limit()
    print(describe_machine())
    print("Memory of an idle WebSocket user in the generator's workers, kernel excluded.")
    print("\n| generator | users | RSS a user | PSS a user | RSS before | RSS after |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    # A longer warm-up than the usual second: time to look at workers without users.
    ours = pytsung("-w", "2s")
    held = measure(ours, options.users, WORKERS, RATE, settle=3)
    print(row("pytsung", held), flush=True)
    if has_tsung():
        print("Tsung: users arrive, then 12 s until it lets them hibernate", file=sys.stderr)
        growth = measure(TSUNG, options.users // 2, 1, RATE / 2, settle=12)
        print(row("Tsung", growth), flush=True)
    goals.say("user", held.rss, f"{held.rss:,.0f} B")


if __name__ == "__main__":
    main()
