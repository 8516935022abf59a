"""What 64 agents that report every second cost the controller.

    python -m bench.controller [--agents 64] [--seconds 20] [--users 31,500] [--profile]

Answers: which part of one core a controller uses (user + system) while so many agents
play, with all of its files written and its live picture kept, from the barrier on. The
controller is the product's own `Run` with its log directory. The agents are voices of
one other process, each at the far end of a socket: what they say every second is what
a real agent says that starts `--users` users a second (31 on each of 64 hosts are the
2,000/s of the benchmark), and that process's cost is not counted.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from bench import goals
from bench.machine import describe_machine
from bench.processes import read_rollup
from pytsung.cli.reporter import Reporter
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    VERSION,
    AskClock,
    Assign,
    ClockReading,
    Finished,
    Health,
    Hello,
    Message,
    PhaseStarted,
    Ready,
    Report,
    Start,
)
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.outcome import RunOptions
from pytsung.controller.run import Run
from pytsung.controller.shares import AgentRole
from pytsung.dashboard.live_run import Heading, LiveRun
from pytsung.dashboard.terminal import LiveView, make_console
from pytsung.logdir.run_log import RunLog
from pytsung.plan import AgentHost, ArrivalPhase, Endpoint, Load, Plan, Session, Target
from pytsung.protocols import registry
from pytsung.schedule.timetable import Timetable
from pytsung.stats import Interval, SampleSummary

KINDS = {"connect": 0.001, "request": 0.003, "page": 0.003, "session": 30.0}
"""Samples of a session that connects and thinks, with their means in seconds."""

LAGS = 60
"""Readings of a worker's loop lag in a second."""

FEW = 20
"""Samples of each transaction in a second."""

GOAL_AGENTS = 64

WARM_UP = 1.0


# -- the agents' side -----------------------------------------------------------------


def interval_of(index: int, users: int, chance: random.Random, statistics: int = 0) -> Interval:
    """What an agent reports of a second in which `users` users came and as many went.

    With `statistics` more names in it: half of them count, half are transactions.
    """
    transactions, counts = statistics // 2, statistics - statistics // 2

    def some(count: int, mean: float) -> SampleSummary:
        return SampleSummary.of([mean * chance.lognormvariate(0.0, 0.5) for _ in range(count)])

    return Interval(
        index,
        users_started=users,
        users_finished=users if index else 0,
        users_open=users,
        connections_opened=users,
        connections_closed=users if index else 0,
        connections_open=users,
        counters={
            "101": users,
            "size_rcv": 300 * users,
            "size_sent": 250 * users,
            **{f"count_{number}": users for number in range(counts)},
        },
        samples={
            **{name: some(users, mean) for name, mean in KINDS.items()},
            **{f"tr_{number}": some(FEW, 0.003) for number in range(transactions)},
        },
        generator={
            "lateness": some(users, 0.001),
            "loop_lag": some(LAGS, 0.001),
            "worker_cpu": SampleSummary.of([0.3]),
        },
    )


@dataclass(frozen=True, slots=True)
class Speech:
    """What every agent has to say: of so many seconds, users a second, further statistics."""

    seconds: int
    users: int
    statistics: int = 0

    def words(self) -> list[str]:
        """As options of this program."""
        numbers = {"seconds": self.seconds, "users": self.users, "statistics": self.statistics}
        return [word for name, number in numbers.items() for word in (f"--{name}", str(number))]


async def speak(connection: socket.socket, speech: Speech, encoder: Encoder) -> None:
    """Be one agent, as far as its controller can tell."""
    seconds, users = speech.seconds, speech.users
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(connection))
    codec = MessageCodec(encoder)

    async def say(*messages: Message) -> None:
        await stream.send_all(b"".join(codec.send(message) for message in messages))

    await say(Hello(VERSION, "voice", os.getpid(), time.monotonic(), 2, "3.11"))
    chance = random.Random(connection.fileno())
    async for data in stream:
        for message in codec.feed(bytes(data)):
            if isinstance(message, Assign):
                await say(Ready(1))
            elif isinstance(message, AskClock):
                await say(ClockReading(message.number, time.monotonic(), time.time()))
            elif isinstance(message, Start):
                await say(PhaseStarted(0, 1, 0.0))
                for index in range(seconds):
                    await trio.sleep(max(0.0, message.origin + index + 1 - time.monotonic()))
                    interval = interval_of(index, users, chance, speech.statistics)
                    health = Health(index + 1.0, 30.0, 4096.0, 0.5, 10**8, 2, index % 10 == 0)
                    await say(health, Report(interval))
                rest = Interval(seconds, users_finished=users, connections_closed=users)
                await say(Report(rest), Finished(at=float(seconds)))


async def speak_for_all(descriptors: list[int], speech: Speech) -> None:
    """Be all agents."""
    encoder = Encoder(registry.installed())
    async with trio.open_nursery() as nursery:
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            nursery.start_soon(speak, connection, speech, encoder)


# -- the controller's side ------------------------------------------------------------


@dataclass
class VoiceLauncher:
    """ "Starts" an agent that is there already."""

    near: socket.socket

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        """Its stream; it never complains."""
        del run_id
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(self.near))
        silence, complaints = os.pipe()
        os.close(complaints)
        async with trio.lowlevel.FdStream(silence) as nothing, stream:
            yield AgentConnection(stream, nothing)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Processor time of the controller from the barrier to the end, and how long that was.

    `memory`: by how many bytes it grew meanwhile. `record`: bytes of a second in its log.
    """

    cpu: float
    wall: float
    memory: int
    record: float


class TimedReporter(Reporter):
    """Notes when the barrier opens, and what this process had used by then."""

    cpu = 0.0
    at = 0.0
    memory = 0

    def started(self, at: float) -> None:
        """As the product's own."""
        super().started(at)
        self.memory = resident()
        self.cpu, self.at = time.process_time(), time.monotonic()


def plan_of(agents: int, seconds: int, users: int) -> Plan:
    """Users who connect and think, on so many hosts."""
    hosts = tuple(AgentHost(f"realtime-worker-{n}", 1) for n in range(1, agents + 1))
    load = Load((ArrivalPhase(1, float(seconds), float(users * agents), None, (1.0,)),))
    session = Session("s", "ts_websocket", ())
    return Plan("bench.xml", hosts, (Target(Endpoint("127.0.0.1", 9)),), load, (session,))


def resident() -> int:
    """Bytes that this process has in memory."""
    return read_rollup(Path("/proc/self/smaps_rollup").read_text()).rss


def measure(agents: int, speech: Speech, directory: Path) -> Outcome:
    """Play one run, and see what it costs this process."""
    seconds, users = speech.seconds, speech.users
    plan = plan_of(agents, seconds, users)
    timetable = Timetable(plan.load.all_phases())
    live = LiveRun(Heading("bench", "", str(directory)), timetable)
    log = RunLog(directory, host="bench")
    pairs = [socket.socketpair() for _ in range(agents)]
    far = [there.fileno() for _, there in pairs]
    words = ["--voices", ",".join(map(str, far)), *speech.words()]
    voices = subprocess.Popen([sys.executable, "-m", "bench.controller", *words], pass_fds=far)
    for _, there in pairs:
        there.close()

    async def main() -> Outcome:
        with LiveView(make_console(), quiet=True) as view:
            reporter = TimedReporter(live, log, view)
            options = RunOptions(seed=1, warm_up=WARM_UP, grace=0.0)
            run = reporter.run = Run(plan, options, reporter, timetable)
            roles = [AgentRole(host.name, (host,), 1) for host in plan.agent_hosts]
            result = await run.play(roles, [VoiceLauncher(near) for near, _ in pairs])
        cpu, wall = time.process_time() - reporter.cpu, time.monotonic() - reporter.at
        memory = resident() - reporter.memory
        told, wanted = result.totals.users_started, users * agents * seconds
        if told != wanted:
            raise SystemExit(f"the controller has counted {told:,} users of {wanted:,}")
        record = (directory / "intervals.jsonl").stat().st_size / (seconds + 1)
        return Outcome(cpu, wall, memory, record)

    outcome = trio.run(main)
    voices.wait(10)
    log.close()
    return outcome


def profiled(agents: int, speech: Speech) -> tuple[Outcome, cProfile.Profile]:
    """One run in a directory of its own; the profile is empty unless it was asked for."""
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as directory:
        if "--profile" in sys.argv:
            profile.enable()
        outcome = measure(agents, speech, Path(directory))
        profile.disable()
    return outcome, profile


def main() -> None:
    """Measure and print the row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--agents", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--users", default="31,500", help="arrivals a second of each agent")
    parser.add_argument("--statistics", type=int, default=0, help="further ones in each report")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    parser.add_argument("--voices", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    rates = list(map(int, asked.users.split(",")))
    if asked.voices:
        descriptors = list(map(int, asked.voices.split(",")))
        trio.run(speak_for_all, descriptors, Speech(asked.seconds, rates[0], asked.statistics))
        return
    print(describe_machine() + "\n")
    print("| agents | reports/s | users/s in all | controller, of one core | per report |")
    print("| --- | --- | --- | --- | --- |")
    worst = 0.0
    for users in rates:
        outcome, profile = profiled(asked.agents, Speech(asked.seconds, users, asked.statistics))
        part = outcome.cpu / outcome.wall
        worst = max(worst, part)
        each = part / asked.agents * 1e3
        words = f"| {asked.agents} | {asked.agents} | {users * asked.agents:,} "
        print(f"{words}| **{part:.1%}** | {each:.2f} ms |", flush=True)
        if asked.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    if asked.agents == GOAL_AGENTS:
        goals.say("controller", worst, f"{worst:.1%}")


if __name__ == "__main__":
    main()
