"""What the bundled server costs for each connection and each event, beside other servers.

    python -m bench.server [--connections 10000] [--rounds 3] [--crowd 100000]

Answers: how much CPU (user and system, all processes of the server) accept, upgrade and
first message take; how much memory an idle client takes in user space; how long one
event takes to all subscribers of one worker, for how long that keeps others waiting,
and what a client that does not read changes; and the same for a crowd over several
workers. The same clients meet each server in turn, on loopback: compare rows of one
run, not of two. Servers that are not installed are named. About three minutes.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from bench import goals
from bench.crowd import Crowd
from bench.machine import describe_machine, raise_descriptor_limit
from bench.rivals import BARE, RIVALS, SEND_LOOP, Rival
from bench.served import Ours, Served, SlowClient, serving, take_precedence

Server = Ours | Rival

PER_WORKER = 16_700
"""Connections of a worker in the crowd: what its 20,000 descriptors hold, less six standard
deviations of the kernel's way to spread them."""

PER_PROCESS = 17_000
"""Clients of one process of the crowd."""

EVENTS = 5
"""Events published, one after the other; figures are medians over them."""

PING_PAUSE = 0.0005
SETTLE = 0.5
MICROSECONDS = 1e6
MILLISECONDS = 1e3


def fresh_source() -> str:
    """The first three numbers of addresses that no run has used lately."""
    return f"127.{random.randint(64, 250)}.{random.randint(0, 255)}"


# -- connections ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """For one connection: CPU in µs, resident memory in bytes."""

    cpu: float
    memory: float


def measure_connections(server: Server, connections: int, rate: float | None) -> Cost:
    """What one server takes for each connection, flat out or at a rate."""
    with serving(server) as served:
        crowd = Crowd(served.port, fresh_source())
        crowd.saturate(100)  # lazy imports, the heap's first growth
        time.sleep(0.2)
        cpu, memory = served.cpu(), served.memory().rss
        if rate is None:
            crowd.saturate(connections)
        else:
            crowd.pace(connections, rate)
        time.sleep(0.3)
        cost = Cost(
            (served.cpu() - cpu) / connections * MICROSECONDS,
            (served.memory().rss - memory) / connections,
        )
        crowd.close()
    return cost


def compare_connections(
    servers: Sequence[Server], connections: int, rounds: int, rate: float | None
) -> dict[str, list[Cost]]:
    """Print one table: medians of some rounds, servers taking turns. Gives all, by name."""
    costs: dict[str, list[Cost]] = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            costs[server.name].append(measure_connections(server, connections, rate))
    print("\n| server | CPU each | of the bare loop's | RSS each |\n| --- | --- | --- | --- |")
    bare = costs[BARE.name]
    for name, some in costs.items():
        cpu = median(cost.cpu for cost in some)
        ratio = median(a.cpu / b.cpu for a, b in zip(some, bare, strict=True))
        memory = median(cost.memory for cost in some)
        print(f"| {name} | {cpu:.1f} µs | {ratio:.2f} × | {memory:,.0f} B |", flush=True)
    return costs


# -- events ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """One event to all subscribers, in seconds: CPU of the server for each, and the ages at which
    the median and the last of them had it.
    """

    cpu: float
    median: float
    last: float


@contextmanager
def crowd_of(port: int, connections: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many clients, in as few processes as can hold them, all connected."""
    count = -(-connections // PER_PROCESS)
    shares = [connections // count + (n < connections % count) for n in range(count)]
    command = [sys.executable, "-m", "bench.crowd", "--port", str(port)]
    started: list[subprocess.Popen[str]] = []
    try:
        for share in shares:
            options = ["--source", fresh_source(), "--connections", str(share)]
            started.append(
                subprocess.Popen(
                    [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
        for process, share in zip(started, shares, strict=True):
            if _read(process)["open"] != share:
                raise RuntimeError("not all clients were connected")
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _read(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process of the crowd ended; what it said stands above")
    found: dict[str, object] = json.loads(line)
    return found


def spread_event(
    served: Served, crowd: Sequence[subprocess.Popen[str]], number: int, look: Look
) -> Spread:
    """Publish an event, and wait until everybody has it; `look` at the server meanwhile."""
    before = served.cpu()
    served.publish(number)
    look(served)
    ages: array[float] = array("f")
    for process in crowd:
        ages.frombytes(base64.b64decode(str(_read(process)["ages"])))
    time.sleep(0.1)
    ordered = sorted(ages)
    cpu = (served.cpu() - before) / len(ordered)
    return Spread(cpu, ordered[len(ordered) // 2], ordered[-1])


Look = Callable[[Served], None]


def look_away(_: Served) -> None:
    """Leave it alone: its CPU is measured."""


class Pinging:
    """Asks all the time whether the server listens; `longest` is how long it once did not, and
    `starved` for how much of that time the server wanted a core and had none.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.starved = 0.0

    def __call__(self, served: Served) -> None:
        """Ask for SETTLE seconds."""
        until = time.monotonic() + SETTLE
        while time.monotonic() < until:
            before = served.waits()
            took = served.control.round_trip()
            if took > self.longest:
                self.longest, self.starved = took, served.waits() - before
            time.sleep(PING_PAUSE)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Several events to the same subscribers: medians over them, in seconds. `blocked` is the
    longest that somebody else waited for an answer meanwhile, in a second series of events;
    `starved` is the part of it in which the system gave the server no core.
    """

    spread: Spread
    blocked: float = 0.0
    starved: float = 0.0

    @classmethod
    def of(cls, spreads: Sequence[Spread], blocked: float = 0.0, starved: float = 0.0) -> Broadcast:
        """The medians of some events."""
        middle = Spread(
            median(one.cpu for one in spreads),
            median(one.median for one in spreads),
            median(one.last for one in spreads),
        )
        return cls(middle, blocked, starved)

    @property
    def times(self) -> str:
        """Cells of a table: when the median and the last subscriber had an event."""
        spread = self.spread
        return f"{spread.median * MILLISECONDS:,.0f} ms | {spread.last * MILLISECONDS:,.0f} ms"


def measure_events(server: Server, subscribers: int, *, with_slow: bool = False) -> Broadcast:
    """Events to all subscribers of one process; one of them may be slow."""
    with serving(server) as served, crowd_of(served.port, subscribers) as crowd:
        slow = SlowClient(served.port) if with_slow else None
        time.sleep(SETTLE)
        spreads = [spread_event(served, crowd, n, look_away) for n in range(EVENTS)]
        take_precedence((0, *served.pids))
        pinging = Pinging()
        for number in range(EVENTS, 2 * EVENTS):
            spread_event(served, crowd, number, pinging)
        if slow is not None:
            slow.close()
    return Broadcast.of(spreads, pinging.longest, pinging.starved)


def compare_events(servers: Sequence[Server], subscribers: int) -> dict[str, Broadcast]:
    """Print one table; the first server is what the others are compared with. Gives all."""
    print(
        f"\n| server | CPU each | of the {servers[0].name}'s | median has it after | last"
        " | others waited at most | of that without a core |\n| --- " + "| --- " * 6 + "|",
        flush=True,
    )
    bare = 0.0
    broadcasts: dict[str, Broadcast] = {}
    wanted = [(server, server.name, False) for server in servers]
    wanted.append((Ours(), f"{Ours().name}, and one client that reads nothing", True))
    for server, name, with_slow in wanted:
        found = broadcasts[name] = measure_events(server, subscribers, with_slow=with_slow)
        cpu = found.spread.cpu
        bare = bare or cpu
        print(
            f"| {name} | {cpu * MICROSECONDS:.1f} µs | {cpu / bare:.2f} × | {found.times}"
            f" | {found.blocked * MILLISECONDS:.1f} ms | {found.starved * MILLISECONDS:.1f} ms |",
            flush=True,
        )
    return broadcasts


def measure_crowd(connections: int) -> str:
    """One row: memory and events of as many workers as the crowd needs."""
    server = Ours(workers=-(-connections // PER_WORKER))
    with serving(server) as served:
        time.sleep(SETTLE)
        before, started = served.memory(), time.monotonic()
        with crowd_of(served.port, connections) as crowd:
            seconds = time.monotonic() - started
            time.sleep(2)  # until buffers of heads are freed
            after = served.memory()
            spreads = [spread_event(served, crowd, n, look_away) for n in range(EVENTS)]
    rss = (after.rss - before.rss) / connections
    pss = (after.pss - before.pss) / connections
    found = Broadcast.of(spreads)
    return (
        f"| {connections:,} | {server.workers} | {connections / seconds:,.0f}/s | {rss:,.0f} B"
        f" | {pss:,.0f} B | {found.spread.cpu * MICROSECONDS:.1f} µs | {found.times} |"
    )


# -- the tables -----------------------------------------------------------------------


def judge(costs: Sequence[Cost], events: Broadcast) -> None:
    """Hold the server as it comes against its goals."""
    memory = median(cost.memory for cost in costs)
    goals.say("server-connection", memory, f"{memory:,.0f} B")
    goals.say("server-event", events.spread.cpu, f"{events.spread.cpu * MICROSECONDS:.1f} µs")
    blocked, starved = events.blocked, events.starved
    words = f"{blocked * MILLISECONDS:.1f} ms, {starved * MILLISECONDS:.1f} of it without a core"
    goals.say("server-blocked", blocked - starved, words)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--subscribers", type=int, default=15_000, help="of one worker")
    parser.add_argument("--crowd", type=int, default=100_000, help="over several workers")
    options = parser.parse_args()
    raise_descriptor_limit()
    print(describe_machine())
    print(
        f"Load average when it began: {os.getloadavg()[0]:.1f}."
        " Beyond 1, CPU and memory count, but times are those of a busy machine."
    )
    rivals = [rival for rival in RIVALS if rival.is_installed]
    floors = [server for server in (SEND_LOOP, BARE) if server.is_installed]
    for rival in (SEND_LOOP, *RIVALS):
        if not rival.is_installed:
            print(f"No row for {rival.name}: {rival.missing} is not installed.")
    ours = [Ours(profile="bench2021"), Ours()]
    print(f"\n{options.connections:,} connections flat out, one process each:")
    costs = compare_connections([BARE, *ours, *rivals], options.connections, options.rounds, None)
    few = min(options.connections, int(options.rate * 3))
    print(f"\n{few:,} connections, {options.rate:,.0f} a second:")
    compare_connections([BARE, *ours], few, 1, options.rate)
    print(f"\nAn event of 200 bytes to {options.subscribers:,} subscribers of one process:")
    events = compare_events([*floors, *ours, *rivals], options.subscribers)
    print("\nThe same to a crowd, connected flat out, on a machine that clients share:")
    print(
        "\n| connections | workers | opened | RSS each | PSS each"
        " | CPU each | median has it after | last |\n| --- " + "| --- " * 7 + "|"
    )
    print(measure_crowd(options.crowd), flush=True)
    judge(costs[Ours().name], events[Ours().name])


if __name__ == "__main__":
    main()
