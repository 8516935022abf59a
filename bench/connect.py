"""What it costs to open a WebSocket: CPU per connect and upgrade, statistics on.

    python -m bench.connect [--mode both] [--rate 1000] [--rounds 3]

Answers: how much user and system time all processes of pytsung spend on one
connection, beside Tsung, and beside a bare epoll loop that does nothing else; with
all users due at once, and at a steady rate, always in one worker. The generators
take turns against the bundled server, whose own cost is left out. Counted is from
the last moment without a connection until half a second after the last one was
accepted, so that every answer is in. Ratios are medians of the rounds' ratios.
About 2½ minutes with Tsung.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench import goals
from bench.generators import BARE, TSUNG, Generator, Running, generate, has_tsung, pytsung
from bench.machine import describe_machine, raise_descriptor_limit
from bench.sessions import ALL_AT_ONCE, Load, fresh_sources
from bench.target import Target, bundled_server

SATURATING_USERS = 18_000
"""As many as one process may hold here, so that saturation lasts: Tsung's cost still
grows between 10,000 at once and this (from 240 to 420 µs), pytsung's does not."""

STEADY_USERS = 10_000

STEADY_SECONDS = 7
PATIENCE = 40.0
SAMPLE = 0.02
LOOK = 0.25
SETTLE = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """Connections that the target holds, and seconds of CPU used, at a time."""

    at: float
    connections: int
    cpu: float


def cost_of(samples: Sequence[Sample], users: int) -> float:
    """Seconds of CPU for one connection.

    From the last sample without a connection to `SETTLE` after the first with all.
    Raises ValueError when the samples do not show that.
    """
    empty = [sample for sample in samples if not sample.connections]
    full = [sample for sample in samples if sample.connections >= users]
    if not empty or not full:
        most = max((sample.connections for sample in samples), default=0)
        raise ValueError(f"{most} of {users} connections were seen, from none on")
    settled = [sample for sample in full if sample.at >= full[0].at + SETTLE]
    if not settled:
        raise ValueError(f"nothing was seen {SETTLE} s after the last connection")
    opened = settled[0].connections
    return (settled[0].cpu - empty[-1].cpu) / opened


def watch(target: Target, running: Running, users: int) -> list[Sample]:
    """Sample until all users are connected and have been answered, or time is up."""
    samples: list[Sample] = []
    started = time.monotonic()
    looked = 0.0
    complete = None
    while (now := time.monotonic()) < started + PATIENCE:
        if now >= looked + LOOK:
            running.require_alive()
            running.family.find()
            looked = now
        samples.append(Sample(now, target.connections(), running.family.cpu()))
        if samples[-1].connections >= users and complete is None:
            complete = now
        if complete is not None and now >= complete + SETTLE + SAMPLE:
            break
        time.sleep(SAMPLE)
    return samples


def measure(generator: Generator, users: int, rate: float) -> float:
    """Seconds of CPU for one connection of one run."""
    with bundled_server() as target:
        load = Load(port=target.port, sources=fresh_sources(), users=users, rate=rate)
        with generate(generator, load) as running:
            samples = watch(target, running, users)
    return cost_of(samples, users)


def ratio(costs: dict[str, list[float]], one: str, other: str) -> float:
    """How many times more `one` costs than `other`: the median of the rounds."""
    return median(a / b for a, b in zip(costs[one], costs[other], strict=True))


def rows(title: str, costs: dict[str, list[float]]) -> list[str]:
    """One row of the table for each generator."""
    lines = []
    for name, values in costs.items():
        cells = [title, name, f"{median(values) * 1e6:.0f} µs"]
        cells.append(f"{ratio(costs, name, BARE.name):.2f}")
        cells.append(f"{ratio(costs, name, 'pytsung'):.2f}")
        cells.append(", ".join(f"{value * 1e6:.0f}" for value in values))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def compare(title: str, users: int, rate: float, rounds: int) -> dict[str, list[float]]:
    """Measure all generators, in turn, and print their rows. Gives what they cost, by name."""
    generators = [BARE, pytsung(), *([TSUNG] if has_tsung() else [])]
    costs: dict[str, list[float]] = {generator.name: [] for generator in generators}
    for number in range(rounds):
        for generator in generators:
            print(f"{title}, round {number + 1}: {generator.name}", file=sys.stderr)
            costs[generator.name].append(measure(generator, users, rate))
    print("\n".join(rows(title, costs)), flush=True)
    return costs


def judge(saturating: dict[str, list[float]], steady: dict[str, list[float]]) -> None:
    """Hold what was measured against its goals."""
    for key, costs in (("saturating-bare", saturating), ("steady-bare", steady)):
        if costs:
            bare = ratio(costs, "pytsung", BARE.name)
            goals.say(key, bare, f"{bare:.2f}")
    if steady:
        cost = median(steady["pytsung"])
        goals.say("steady", cost, f"{cost * 1e6:.0f} µs")
    if TSUNG.name in saturating:
        cheaper = ratio(saturating, TSUNG.name, "pytsung")
        goals.say("saturating-tsung", cheaper, f"{cheaper:.1f} ×")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mode", choices=["saturating", "steady", "both"], default="both")
    parser.add_argument("--rate", type=float, default=1000.0, help="arrivals/s of the steady mode")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    raise_descriptor_limit()
    print(describe_machine())
    print("CPU per connect and upgrade, user and system, all processes but the target, one worker.")
    print("\n| load | generator | per connection | × bare loop | × pytsung | rounds, µs |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    saturating: dict[str, list[float]] = {}
    steady: dict[str, list[float]] = {}
    if options.mode != "steady":
        title = f"{SATURATING_USERS:,} at once"
        saturating = compare(title, SATURATING_USERS, ALL_AT_ONCE, options.rounds)
    if options.mode != "saturating":
        users = min(round(options.rate * STEADY_SECONDS), STEADY_USERS)
        steady = compare(f"{options.rate:,.0f}/s", users, options.rate, options.rounds)
    judge(saturating, steady)


if __name__ == "__main__":
    main()
