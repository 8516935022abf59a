"""The controller's end of one agent: its stream, and what it has said of itself.

Must not know the other agents, nor what becomes of what is said: it is passed on.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from time import monotonic, time
from types import MappingProxyType

import trio

from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.facts import HostFacts
from pytsung.control.messages import (
    VERSION,
    Adopt,
    AskClock,
    Assign,
    Beat,
    ClockReading,
    Failed,
    Finished,
    Health,
    Hello,
    Message,
    PhaseStarted,
    Ready,
    Surveyed,
)
from pytsung.control.share import AgentShare
from pytsung.controller.cargo import parts_of
from pytsung.controller.clocks import ClockComparison
from pytsung.controller.launcher import AgentConnection, Launcher
from pytsung.controller.preflight.needs import survey_for
from pytsung.controller.redistribution import Position
from pytsung.errors import AgentError
from pytsung.plan import Cargo

RECEIVE_SIZE = 65536
BEAT_EVERY = 2.0
LAST_WORDS = 2.0
"""Seconds to wait for what an agent that is gone still had to say on stderr."""

SETTLE_TIME = 60.0
"""Seconds that an agent has from its start until its workers stand by."""

MOST_QUESTIONS = 10
GOOD_CLOCK = 0.0005
CLOCK_TIME = 1.0
"""Clocks are asked for until one answer took twice GOOD_CLOCK seconds at most, or so many
times; each answer has CLOCK_TIME to come."""

OUTBOX = 1000
"""Messages kept for an agent that does not read: a frozen host must not make us wait, and
one that has left so many unread is not coming back."""

Passing = Callable[["AgentLink", Message], Awaitable[None]]

_NO_CARGO: Cargo = MappingProxyType({})


class AgentLink:
    """One agent, as long as it lives. `heard` is when it last said anything.

    `parting` says why its stream ended, once it has; `lost_at` when it was lost, in
    seconds since the test's start. `positions` are those of its workers, by their index.
    """

    def __init__(
        self,
        name: str,
        launcher: Launcher,
        share: AgentShare,
        encoder: Encoder,
        cargo: Cargo = _NO_CARGO,
    ) -> None:
        self.name = name
        self.share = share
        self.hello: Hello | None = None
        self.facts: HostFacts | None = None
        self.health: Health | None = None
        self.finished: Finished | None = None
        self.heard = monotonic()
        self.lost_at = math.inf
        self.is_stalled = False
        self.peak_rss = 0
        self.positions: dict[int, Position] = {}
        self.parting = "its channel was closed"
        self.clock = ClockComparison()
        self._clock_news = trio.Event()
        self._launcher = launcher
        self._cargo = cargo
        self._codec = MessageCodec(encoder)
        self._ready = trio.Event()
        self._over = trio.Event()  # the agent's stream has ended
        self._silent = trio.Event()  # and its stderr
        self._failure = ""
        self._complaints: list[str] = []
        self._outbox, self._to_send = trio.open_memory_channel[Message](OUTBOX)

    @property
    def clock_offset(self) -> float:
        """The agent's time of day minus ours, in seconds."""
        return self.clock.unix_offset

    @property
    def is_lost(self) -> bool:
        """Whether it is gone before its work was done."""
        return self.lost_at < math.inf

    async def live(
        self,
        run_id: str,
        heed: Passing,
        complain: Callable[[AgentLink, str], None],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Start the agent and hear it out; started when its workers stand by.

        Ends when the agent does. Raises AgentError when it does not come to stand by.
        """
        async with self._launcher.launch(run_id) as connection, trio.open_nursery() as nursery:
            nursery.start_soon(self._hear_complaints, connection, complain)
            nursery.start_soon(self._listen, connection, heed)
            nursery.start_soon(self._send_all, connection)
            nursery.start_soon(self._beat)
            with trio.move_on_after(SETTLE_TIME):
                await self._ready.wait()
            if not self._ready.is_set() or self._failure:
                nursery.cancel_scope.cancel()
                raise AgentError(self._why_not())
            task_status.started()
            await self._over.wait()
            with trio.move_on_after(LAST_WORDS):
                await self._silent.wait()
            nursery.cancel_scope.cancel()

    def _why_not(self) -> str:
        reason = self._failure or f"its workers did not stand by within {SETTLE_TIME:.0f} s"
        last_words = f" ({self._complaints[-1]})" if self._complaints else ""
        return f"agent host {self.name}: {reason}{last_words}; see the controller log"

    def tell(self, message: Message) -> None:
        """Say something to the agent, when it reads; to one that is gone, nothing is said."""
        if self.is_lost or self._over.is_set():
            return
        try:
            self._outbox.send_nowait(message)
        except trio.WouldBlock:
            self.parting = f"it left {OUTBOX} messages unread"
            self.dismiss()

    async def compare_clocks(self) -> None:
        """Find out how the agent's clocks differ from ours; a few round trips.

        Raises AgentError when it does not answer.
        """
        for number in range(MOST_QUESTIONS):
            self._clock_news = trio.Event()
            self.clock.ask(number, monotonic())
            self.tell(AskClock(number))
            with trio.move_on_after(CLOCK_TIME):
                await self._clock_news.wait()
            if self.clock.uncertainty < GOOD_CLOCK or self._over.is_set():
                return
        if self.clock.uncertainty == math.inf:
            raise AgentError(
                f"agent host {self.name}: it did not answer when asked for its clock; "
                "see what keeps it busy"
            )

    def _note_clock(self, reading: ClockReading) -> None:
        self.clock.answer(reading.number, reading.clock, reading.unix, at=monotonic(), unix=time())
        self._clock_news.set()

    def adopt(self, adoption: Adopt) -> None:
        """Give it a part of a lost agent's share, beside its own."""
        share, resume = adoption.share, adoption.resume
        self.share = replace(self.share, workers=(*self.share.workers, share))
        self.positions[share.index] = Position(resume.phase, resume.phase_origin)
        self.tell(adoption)

    def dismiss(self) -> None:
        """Let go of the agent: its stream is closed, and it ends with all that it started."""
        self._silent.set()
        self._over.set()

    async def _send_all(self, connection: AgentConnection) -> None:
        """Send what the agent must know first, then whatever it is told."""
        send = connection.stream.send_all
        try:
            for message in self._opening():
                await send(self._codec.send(message))
            async for message in self._to_send:
                await send(self._codec.send(message))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # `_listen` hears the end of the stream

    def _opening(self) -> Iterator[Message]:
        yield Hello(VERSION)
        yield survey_for(self.share)
        yield from parts_of(self._cargo)
        yield Assign(self.share)

    async def _beat(self) -> None:
        """Say that we are alive: an agent that hears nothing ends itself."""
        while True:
            self.tell(Beat())
            await trio.sleep(BEAT_EVERY)

    async def _listen(self, connection: AgentConnection, heed: Passing) -> None:
        async for message in self._messages(connection):
            self.heard = monotonic()
            self.is_stalled = False
            if isinstance(message, Hello):
                self.hello = message
                if message.version != VERSION:
                    self._failure = f"it runs version {message.version} of the control protocol"
            elif isinstance(message, ClockReading):
                self._note_clock(message)
            elif isinstance(message, Surveyed):
                self.facts = message.facts
            elif isinstance(message, Ready):
                self._ready.set()
            elif isinstance(message, Failed):
                self._failure = message.reason
                self._ready.set()
            elif isinstance(message, Health):
                self.health = message
                self.peak_rss = max(self.peak_rss, message.rss)
            elif isinstance(message, PhaseStarted):
                self.positions[message.worker] = Position(message.phase - 1, message.at)
            elif isinstance(message, Finished):
                self.finished = message
            await heed(self, message)
        if self.finished is None and not self._ready.is_set():
            self._failure = self._failure or "it ended before its workers stood by"
            self._ready.set()
        self._over.set()

    async def _messages(self, connection: AgentConnection) -> AsyncIterator[Message]:
        while True:
            try:
                data = await connection.stream.receive_some(RECEIVE_SIZE)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            if not data:
                return
            try:
                messages = self._codec.feed(bytes(data))
            except AgentError as error:
                self.parting = self._failure = str(error)
                return
            for message in messages:
                yield message

    async def _hear_complaints(
        self, connection: AgentConnection, complain: Callable[[AgentLink, str], None]
    ) -> None:
        """Pass on what the agent and its workers write on stderr, line by line."""
        rest = b""
        async for data in connection.complaints:
            *lines, rest = (rest + bytes(data)).split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace")
                self._complaints.append(text)
                del self._complaints[:-50]
                complain(self, text)
        self._silent.set()
