"""Agents that follow a script, and a listener that notes what it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any, TypeVar

import outcome
import pytest
import trio
import trio.testing

from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    VERSION,
    AskClock,
    Assign,
    ClockReading,
    Cost,
    Finished,
    Health,
    Hello,
    Message,
    PhaseStarted,
    Ready,
    Report,
    Start,
)
from pytsung.control.orders import Order
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.outcome import RunOptions, RunResult
from pytsung.controller.run import Run
from pytsung.controller.shares import AgentRole
from pytsung.monitor.watch import UNMONITORED, Monitoring
from pytsung.plan import AgentHost, ArrivalPhase, Endpoint, Load, Plan, Session, Target
from pytsung.protocols import registry
from pytsung.stats import Interval
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals

LIMIT = 20.0
ENCODER = Encoder(registry.installed())
Kind = TypeVar("Kind")


class Agent:
    """The agent's end of a stream."""

    def __init__(self, stream: trio.abc.Stream, complaints: trio.abc.SendStream) -> None:
        self.stream = stream
        self.complaints = complaints
        self._codec = MessageCodec(ENCODER)
        self._heard: deque[Message] = deque()

    async def say(self, *messages: Message) -> None:
        for message in messages:
            await self.stream.send_all(self._codec.send(message))

    async def hear(self, kind: type[Kind]) -> Kind:
        """The next message of a kind; the clock is told, other messages are nobody's."""
        while True:
            while self._heard:
                message = self._heard.popleft()
                if isinstance(message, kind):
                    return message
                if isinstance(message, AskClock):
                    await self.say(ClockReading(message.number, monotonic(), time()))
            data = await self.stream.receive_some(65536)
            assert data, f"the controller hung up before a {kind.__name__}"
            self._heard.extend(self._codec.feed(bytes(data)))

    async def stand_by(self) -> Start:
        """Everything up to the barrier."""
        await self.hear(Assign)
        await self.say(Hello(VERSION, "far", 7, monotonic(), 2, "3.10"), Ready(1))
        return await self.hear(Start)


Script = Callable[[Agent], Awaitable[None]]


@dataclass
class FakeLauncher:
    """Starts a script instead of a process; when it ends, so does the agent's stream."""

    script: Script

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        assert run_id
        near, far = trio.testing.memory_stream_pair()
        complaints, stderr = trio.testing.memory_stream_one_way_pair()

        async def live() -> None:
            try:
                await self.script(Agent(far, complaints))
            finally:
                far.send_stream.close()
                far.receive_stream.close()
                complaints.close()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(live)
            try:
                yield AgentConnection(near, stderr)
            finally:
                nursery.cancel_scope.cancel()


@dataclass
class Notebook:
    """A listener that keeps all it hears."""

    intervals: list[Interval] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    matched: int = 0
    dumped: list[tuple[int, Any]] = field(default_factory=list)

    def started(self, at: float) -> None:
        self.events.append(("started", {}))

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        self.intervals.append(merged)

    def host(self, name: str, health: Health) -> None:
        self.hosts.append(name)

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def event(self, kind: str, at: float, **fields: Any) -> None:
        self.events.append((kind, fields))

    def note(self, level: int, source: str, text: str) -> None:
        self.notes.append(f"{source}: {text}")

    def matches(self, events: Sequence[Any], origin: float) -> None:
        self.matched += len(events)

    def dump(self, agent: int, batch: Any, origin: float) -> None:
        self.dumped.append((agent, batch))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


def play(
    scripts: Mapping[str, Script],
    *,
    users: int = 10,
    duration: float | None = None,
    agent_timeout: float = 30.0,
    phases: tuple[ArrivalPhase, ...] = (),
    orders: Sequence[Order] = (),
    monitoring: Monitoring = UNMONITORED,
) -> tuple[RunResult, Notebook]:
    """A run with one agent per script."""
    hosts = tuple(AgentHost(name) for name in scripts)
    phases = phases or (ArrivalPhase(1, 60.0, 100.0, users, (1.0,)),)
    load = Load(phases, duration=duration)
    target = Target(Endpoint("127.0.0.1", 7))
    plan = Plan("t.xml", hosts, (target,), load, (Session("s", "ts_websocket", ()),))
    roles = [AgentRole(host.name, (host,), 1) for host in hosts]
    launchers: Sequence[FakeLauncher] = [FakeLauncher(script) for script in scripts.values()]
    options = RunOptions(seed=1, warm_up=0.0, grace=0.0, agent_timeout=agent_timeout)
    notebook = Notebook()

    async def give(run: Run) -> None:
        await trio.sleep(0.2 if orders else 0)  # all agents have begun by then
        for order in orders:
            run.command(order)

    async def main() -> RunResult:
        with trio.fail_after(LIMIT):
            run = Run(plan, options, notebook)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(give, run)
                played = await outcome.acapture(run.play, roles, launchers, monitoring)
                nursery.cancel_scope.cancel()
            return played.unwrap()

    return trio.run(main), notebook


def second(index: int, started: int, finished: int, users: int) -> Report:
    return Report(Interval(index, users_started=started, users_finished=finished, users_open=users))


def worked(users: int, **finished: Any) -> Script:
    """An agent that does its work and goes."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(PhaseStarted(0, 1, 0.0), second(0, users, 0, users))
        await agent.say(second(1, 0, users, 0), Finished(at=1.5, cost=Cost(0.5, 1000), **finished))
        await agent.hear(Start)  # until the controller hangs up

    async def until_hung_up(agent: Agent) -> None:
        with pytest.raises(AssertionError, match="hung up"):
            await script(agent)

    return until_hung_up
