"""What a controller costs with 64 agents that report every second, and browsers on its page.

    python -m bench.dashboard [--agents 64] [--browsers 3] [--seconds 20]

Answers: whether looking at a test disturbs it. The controller is a process of its own,
with its log directory and its page; agents and browsers are played from here, and not
counted. Each report holds five times with a thousand samples each, as of a busy host.
One more browser stops reading: it must cost nothing but itself.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, time

import trio

from bench.machine import describe_machine
from pytsung.cli.arguments import Arguments
from pytsung.cli.doors import Doors, open_page
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
from pytsung.dashboard.page_client import PageClient
from pytsung.dashboard.terminal import LiveView, make_console
from pytsung.logdir.run_log import RunLog
from pytsung.plan import AgentHost, ArrivalPhase, Endpoint, Load, Plan, Session, Target
from pytsung.protocols import registry
from pytsung.schedule.timetable import Timetable
from pytsung.stats import Interval, SampleSummary

GOAL = 30.0
"""Percent of a core, with all browsers."""

ENCODER = Encoder(registry.installed())
SAMPLES = ("request", "connect", "page", "tr_read", "tr_write")


# -- the controller, in a process of its own ----------------------------------------


@dataclass
class Dialled:
    """Starts no agent: connects to one that is played elsewhere."""

    path: str

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:  # noqa: ARG002 - unused
        """Connect; `run_id` marks nothing here."""
        stream = await trio.open_unix_socket(self.path)
        there, here = os.pipe()
        os.close(here)  # an agent that complains of nothing
        async with stream:
            yield AgentConnection(stream, trio.lowlevel.FdStream(there))


def control(agents: int, seconds: int, port: int, folder: Path) -> None:
    """Play a run with as many agents, its page open."""
    hosts = tuple(AgentHost(f"load-{number:02}") for number in range(agents))
    load = Load((ArrivalPhase(1, seconds + 5.0, 100.0 * agents, None, (1.0,)),))
    target = Target(Endpoint("127.0.0.1", 7))
    plan = Plan("t.xml", hosts, (target,), load, (Session("s", "ts_websocket", ()),))
    roles = [AgentRole(host.name, (host,), 4) for host in hosts]
    timetable = Timetable(load.all_phases())
    live = LiveRun(Heading("t.xml", f"{agents} agents", str(folder)), timetable)
    doors = Doors(live)
    asked = Arguments("start", "t.xml", folder, web_port=port)
    log = RunLog(folder, host="bench")

    async def main() -> None:
        with LiveView(make_console(), quiet=True) as view:
            reporter = Reporter(live, log, view)
            run = reporter.run = Run(plan, RunOptions(seed=1), reporter, timetable)
            async with open_page(asked, doors, folder, lambda *_: None):
                launchers = [Dialled(str(folder / "agents")) for _ in roles]
                await run.play(roles, launchers)

    trio.run(main)
    log.close()


# -- what it talks to ---------------------------------------------------------------


def second(index: int, random: Random) -> Interval:
    """What a busy host reports of a second."""
    samples = {
        name: SampleSummary.of([random.lognormvariate(-6, 0.6) for _ in range(1000)])
        for name in SAMPLES
    }
    generator = {
        "lateness": SampleSummary.of([random.uniform(0, 0.005) for _ in range(100)]),
        "loop_lag": SampleSummary.of([random.uniform(0, 0.005) for _ in range(100)]),
        "worker_cpu": SampleSummary.of([0.4] * 4),
    }
    counters = {"200": 1000, "size_rcv": 10**6, "size_sent": 10**5, "error_timeout": 1}
    return Interval(
        index, 100, 0, 100 * (index + 1), 0, 0, 100, 0, 100, counters, samples, generator
    )


async def play_agent(stream: trio.SocketStream, seconds: list[bytes], users: int) -> None:
    """One agent, from its greeting to its end."""
    codec = MessageCodec(ENCODER)

    async def hear(kind: type) -> None:
        while True:
            for message in codec.feed(bytes(await stream.receive_some(65536))):
                if isinstance(message, AskClock):
                    reading = ClockReading(message.number, monotonic(), time())
                    await stream.send_all(codec.send(reading))
                elif isinstance(message, kind):
                    return

    async with stream:
        await stream.send_all(codec.send(Hello(VERSION, "load", 1, monotonic(), 4, "3.11")))
        await hear(Assign)
        await stream.send_all(codec.send(Ready(4)))
        await hear(Start)
        begun = monotonic() + 1.0
        await stream.send_all(codec.send(PhaseStarted(0, 1, 0.0)))
        for number, data in enumerate(seconds):
            await trio.sleep(max(0.0, begun + number + 1 - monotonic()))
            await stream.send_all(data)
        await stream.send_all(codec.send(Finished(float(len(seconds)), users_open=users)))
        with trio.move_on_after(10):
            while await stream.receive_some(65536):
                pass


async def browse(url: str, heard: list[int]) -> None:
    """Follow the page for as long as it is there; how much came is added up."""
    async with PageClient(url).follow() as news:
        async for _ in news:
            heard[0] += 1


async def stop_reading(port: int) -> None:
    """Ask for the stream, and never read it."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    await stream.send_all(b"GET /live/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await trio.sleep_forever()


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(agents: int, browsers: int, seconds: int, port: int, folder: Path) -> None:
    """Play everybody but the controller; print what it used, without and with browsers."""
    random = Random(1)
    half = seconds // 2
    health = Health(0.0, 40.0, 8000.0, 2.0, 10**9, 4, False, 2000, 20000)
    codec = MessageCodec(ENCODER)
    reports = [
        [codec.send(Report(second(n, random))) + codec.send(health) for n in range(seconds + 2)]
        for _ in range(4)
    ]
    waiting = iter(reports[n % 4] for n in range(agents))
    users = 100 * (seconds + 2)
    listening = trio.socket.socket(trio.socket.AF_UNIX)
    await listening.bind(str(folder / "agents"))
    listening.listen(agents)
    words = [sys.executable, "-m", "bench.dashboard", "--controller", str(folder)]
    words += ["--agents", str(agents), "--seconds", str(seconds), "--port", str(port)]
    heard = [0]
    async with trio.open_nursery() as nursery:

        async def attend(stream: trio.SocketStream) -> None:
            await play_agent(stream, next(waiting), users)

        nursery.start_soon(trio.serve_listeners, attend, [trio.SocketListener(listening)])
        quiet = subprocess.DEVNULL
        controller = subprocess.Popen(words, stdout=quiet, stderr=quiet)  # noqa: ASYNC220 - once
        try:
            while _lines(folder) < 2:  # noqa: ASYNC110 - another process writes them
                await trio.sleep(0.2)
            before = cpu_of(controller.pid)
            await trio.sleep(half - 3)
            alone = (cpu_of(controller.pid) - before) / (half - 3)
            for _ in range(browsers):
                nursery.start_soon(browse, f"http://127.0.0.1:{port}/", heard)
            nursery.start_soon(stop_reading, port)
            await trio.sleep(3)  # the page's server is loaded once
            before = cpu_of(controller.pid)
            await trio.sleep(half - 3)
            watched = (cpu_of(controller.pid) - before) / (half - 3)
        finally:
            nursery.cancel_scope.cancel()
            controller.terminate()
            controller.wait()
    print(f"{f'{agents} agents, no browser':36} {alone:6.1%} of a core")
    who = f"{agents} agents, {browsers} browsers, a stuck one"
    print(f"{who:36} {watched:6.1%} of a core (goal {GOAL:.0f} %), {heard[0]} news read")


def _lines(folder: Path) -> int:
    path = folder / "intervals.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def main() -> None:
    """Measure, or be the controller that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=64)
    parser.add_argument("--browsers", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=24)
    parser.add_argument("--port", type=int, default=8591)
    parser.add_argument("--controller", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.controller:
        control(asked.agents, asked.seconds, asked.port, Path(asked.controller))
        return
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        trio.run(measure, asked.agents, asked.browsers, asked.seconds, asked.port, Path(folder))


if __name__ == "__main__":
    main()
