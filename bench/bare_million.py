"""A million connections between bare loops: what is left for our features to cost.

    python -m bench.bare_million [--users 1000000] [--at-once 2]

Answers: how long the same connections take, and how much of the machine, when neither end
does more than it must: `bench.bare_epoll` opens them, `bench.rivals.bare_epoll` answers. No
plan, no session, no statistics, no projects. Each client process has a server process of its
own, as many of both as the descriptor limit asks; one for each core connects at a time, as
fast as it can. Takes two or three minutes, and 7 GB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench import footprint
from bench.machine import describe_machine, raise_descriptor_limit
from bench.million_result import breakdown
from bench.processes import Family
from bench.sessions import fresh_sources
from bench.target import Target, listening_port
from pytsung.schedule.shares import split

MOST = 19_800
"""Connections of one process; most machines let it have 20,000 descriptors."""

PER_SOURCE = 10_000
"""Connections from one source address: beyond some 14,000 `connect` itself gets slow."""

LOOK = 0.01
PATIENCE = 120.0
"""Seconds in which the connections of one process after the other must be there."""

LIFETIME = 900.0
HOLD = 5.0
"""Seconds between the last connection and the look at the machine."""

MICROSECONDS = 1e6


@contextmanager
def server(family: Family) -> Iterator[Target]:
    """One bare server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.rivals.bare_epoll"],
        env=family.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            port = listening_port(process.stdout.readline())
            yield Target("127.0.0.1", port, [process.pid])
        finally:
            process.kill()
            process.wait()


@contextmanager
def client(family: Family, port: int, connections: int) -> Iterator[subprocess.Popen[bytes]]:
    """One bare client, which begins at once."""
    sources = fresh_sources(-(-connections // PER_SOURCE))
    words = ["--port", str(port), "--connections", str(connections), "--source", *sources]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare_epoll", *words, "--lifetime", str(LIFETIME)],
        env=family.environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def held(targets: Sequence[Target]) -> int:
    """How many connections servers hold together."""
    return sum(target.connections() for target in targets)


def wait_for(
    connections: int, targets: Sequence[Target], clients: Sequence[subprocess.Popen[bytes]]
) -> None:
    """Wait for so many connections. Raises RuntimeError when a client fails, or none comes."""
    until = time.monotonic() + PATIENCE
    while (seen := held(targets)) < connections:
        if any(one.poll() is not None for one in clients):
            raise RuntimeError("a client has failed; its own words stand above")
        if time.monotonic() > until:
            raise RuntimeError(f"only {seen:,} of {connections:,} after {PATIENCE:g} s")
        time.sleep(LOOK)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument(
        "--at-once",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="processes that connect at a time (one a core)",
    )
    options = parser.parse_args()
    users: int = options.users
    raise_descriptor_limit()
    count = -(-users // MOST)
    shares = split(users, [1.0] * count)
    before = footprint.look({})
    servers, clients = Family(), Family()
    with ExitStack() as stack:
        targets = [stack.enter_context(server(servers)) for _ in shares]
        started = time.monotonic()
        running: list[subprocess.Popen[bytes]] = []
        for target, share in zip(targets, shares, strict=True):
            running.append(stack.enter_context(client(clients, target.port, share)))
            begun = len(running)
            if begun % options.at_once == 0 or begun == count:
                wait_for(sum(shares[:begun]), targets[:begun], running)
        taken = time.monotonic() - started
        clients.find()
        servers.find()
        cpu = [family.cpu() / users * MICROSECONDS for family in (clients, servers)]
        time.sleep(HOLD)
        there = held(targets)
        after = footprint.look({"clients": clients.pids, "servers": servers.pids})
    used = before.available - after.available
    print(f"{describe_machine()}\n{users:,} connections of {count} + {count} bare loops.\n")
    print("| what | seen |\n| --- | --- |")
    print(f"| connected at once | {there:,} |")
    print(f"| all connected after | {taken:,.0f} s, {users / taken:,.0f} a second |")
    print(f"| CPU a connection, of the client | {cpu[0]:.0f} µs |")
    print(f"| CPU a connection, of the server | {cpu[1]:.0f} µs |")
    print(f"| memory of the machine | {used / 1e9:.2f} GB, {used / users:,.0f} B a connection |\n")
    print("\n".join(breakdown(before, after, users)))


if __name__ == "__main__":
    main()
