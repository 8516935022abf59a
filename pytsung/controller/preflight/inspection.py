"""Asking each host for its facts, and letting it run the script that cures it.

An agent is started as for a test, asked, and let go. Must not know what is enough.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from time import time
from typing import TypeVar

import trio

from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.facts import HostFacts
from pytsung.control.messages import VERSION, Failed, Hello, Message, Survey, Surveyed, Tune, Tuned
from pytsung.control.share import AgentShare
from pytsung.controller.first_error import first_error
from pytsung.controller.launcher import AgentConnection, Launcher
from pytsung.controller.preflight.needs import survey_for
from pytsung.errors import AgentError
from pytsung.protocols import registry

ANSWER_TIME = 90.0
"""Seconds that an agent has for an answer; tuning may take it a minute."""

CLOCK_LOOKS = 3
"""Times that the clock is asked for: the quickest answer says most about it."""

RECEIVE_SIZE = 65536

Answer = TypeVar("Answer", bound=Message)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What one host has said. `error` is why it said nothing.

    `clock_offset` is its time of day minus ours, `uncertainty` how far that may be off.
    """

    host: str
    facts: HostFacts | None = None
    clock_offset: float = 0.0
    uncertainty: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class TuneResult:
    """How the script ended on a host; `output` says why it failed."""

    host: str
    status: int
    output: str


class _Conversation:
    """Questions and answers, one at a time, with an agent that plays nothing."""

    def __init__(self, name: str, connection: AgentConnection, encoder: Encoder) -> None:
        self._name = name
        self._stream = connection.stream
        self._codec = MessageCodec(encoder)
        self._heard: deque[Message] = deque()

    async def ask(self, question: Message, kind: type[Answer]) -> Answer:
        """Say something, and give the answer to it. Raises AgentError when none comes."""
        try:
            with trio.fail_after(ANSWER_TIME):
                await self._stream.send_all(self._codec.send(question))
                return await self._hear(kind)
        except trio.TooSlowError:
            raise self._error(f"no answer within {ANSWER_TIME:.0f} s") from None
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise self._error("its stream broke") from None

    async def _hear(self, kind: type[Answer]) -> Answer:
        while True:
            while self._heard:
                message = self._heard.popleft()
                if isinstance(message, kind):
                    return message
                if isinstance(message, Failed):
                    raise self._error(message.reason)
                if isinstance(message, Hello) and message.version != VERSION:
                    raise self._error(f"it runs version {message.version} of the control protocol")
            data = await self._stream.receive_some(RECEIVE_SIZE)
            if not data:
                raise self._error("it ended before it answered")
            self._heard.extend(self._codec.feed(bytes(data)))

    async def clock(self) -> tuple[float, float]:
        """The host's time of day minus ours, and how far that may be off."""
        best = (0.0, inf)
        for _ in range(CLOCK_LOOKS):
            asked = time()
            answer = await self.ask(Survey(), Surveyed)
            answered = time()
            half = (answered - asked) / 2
            if half < best[1]:
                best = answer.facts.clock - (asked + half), half
        return best

    def _error(self, reason: str) -> AgentError:
        return AgentError(f"agent host {self._name}: {reason}")


@asynccontextmanager
async def _talk(name: str, launcher: Launcher) -> AsyncIterator[_Conversation]:
    """Start an agent to talk with; it is gone when the context is left."""
    async with launcher.launch(uuid.uuid4().hex) as connection, trio.open_nursery() as nursery:
        nursery.start_soon(_drain, connection.complaints)
        conversation = _Conversation(name, connection, Encoder(registry.installed()))
        await conversation.ask(Hello(VERSION), Hello)
        yield conversation
        nursery.cancel_scope.cancel()


async def _drain(complaints: trio.abc.ReceiveStream) -> None:
    """Read what the agent says on stderr, so that it never waits for a reader."""
    async for _ in complaints:
        pass


async def inspect(
    names: Sequence[str], shares: Sequence[AgentShare], launchers: Sequence[Launcher]
) -> list[Inspected]:
    """Ask all hosts at once; in their order."""
    found: dict[str, Inspected] = {}

    async def look(name: str, share: AgentShare, launcher: Launcher) -> None:
        try:
            async with _talk(name, launcher) as conversation:
                answer = await conversation.ask(survey_for(share), Surveyed)
                found[name] = Inspected(name, answer.facts, *await conversation.clock())
        except* AgentError as group:
            found[name] = Inspected(name, error=str(first_error(group)))

    async with trio.open_nursery() as nursery:
        for one in zip(names, shares, launchers, strict=True):
            nursery.start_soon(look, *one)
    return [found[name] for name in names]


async def tune_all(
    names: Sequence[str], launchers: Sequence[Launcher], script: str
) -> list[TuneResult]:
    """Run a script on all hosts at once; in their order."""
    results: dict[str, TuneResult] = {}

    async def tune(name: str, launcher: Launcher) -> None:
        try:
            async with _talk(name, launcher) as conversation:
                answer = await conversation.ask(Tune(script), Tuned)
                results[name] = TuneResult(name, answer.status, answer.output)
        except* AgentError as group:
            results[name] = TuneResult(name, 1, str(first_error(group)))

    async with trio.open_nursery() as nursery:
        for name, launcher in zip(names, launchers, strict=True):
            nursery.start_soon(tune, name, launcher)
    return [results[name] for name in names]
