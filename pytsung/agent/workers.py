"""The workers of one agent: started through the zygote, replaced when full, mourned when dead.

Each share is played by one worker at a time; one that is full hands the rest to a
successor that already stands by. Must not know the controller.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from time import monotonic

import trio

from pytsung.agent import zygote
from pytsung.agent.channel import Channel
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    Adopt,
    Amend,
    Failed,
    Finished,
    Full,
    Gathered,
    Hold,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Message,
    Note,
    PhaseStarted,
    Ready,
    Release,
    Report,
    Returned,
    Sends,
    Start,
    Stop,
    TakeOver,
    Work,
    WorkerLost,
)
from pytsung.control.records import (
    Exchanges,
    Matches,
    Traffic,
)
from pytsung.control.share import AgentShare, Amendment, Resume
from pytsung.errors import AgentError
from pytsung.stats.collector import IntervalCollector

REAP_PATIENCE = 2.0
"""Seconds to wait for the zygote's word on a worker whose channel has closed."""


@dataclass(slots=True, eq=False)
class _Process:
    """One worker process, and what it last said of itself."""

    number: int
    share: int
    channel: Channel
    pid: int = 0
    is_standby: bool = False
    has_handed_over: bool = False
    ready: trio.Event = field(default_factory=trio.Event)
    has_finished: bool = False


class Workers:
    """All workers of an agent, and the sum of what they report.

    `tell` passes a message on to the controller. `finished` is set when every share
    has been played or lost.
    """

    def __init__(
        self,
        channel: socket.socket,
        encoder: Encoder,
        tell: Callable[[Message], Awaitable[None]],
        nursery: trio.Nursery,
    ) -> None:
        self.intervals: IntervalCollector[int] = IntervalCollector()
        self.finished = trio.Event()
        self._news = trio.Event()
        self.not_started = 0
        self.users_open = 0
        self.aborted = False
        self.last_end = 0.0
        self._cpu_seconds: dict[int, float] = {}
        self._zygote = trio.socket.from_stdlib_socket(channel)
        self._requests = channel
        self._encoder = encoder
        self._tell = tell
        self._nursery = nursery
        self._share: AgentShare | None = None
        self._hold = Hold()
        self._origin: float | None = None
        self._alive: dict[int, _Process] = {}
        self._standby: dict[int, _Process] = {}  # share → successor that stands ready
        self._count = 0
        self._starting, self._started = trio.open_memory_channel[
            zygote.Started | zygote.NotStarted
        ](64)
        self._exits: dict[int, trio.Event] = {}
        self._statuses: dict[int, zygote.Ended] = {}
        self._asking = trio.Lock()
        self._adopting = 0  # shares whose worker is not yet alive

    # -- what the agent asks --------------------------------------------------

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are alive."""
        return [process.pid for process in self._alive.values()]

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all workers that have finished."""
        return sum(self._cpu_seconds.values())

    @property
    def elapsed(self) -> float:
        """Seconds since the test's start; negative before it."""
        return monotonic() - self._origin if self._origin is not None else -1.0

    async def news(self) -> None:
        """Wait until a worker has reported, or all have finished."""
        await self._news.wait()
        if not self.finished.is_set():
            self._news = trio.Event()

    async def prepare(self, share: AgentShare, hold: Hold) -> int:
        """Start one worker for each share; gives their number when all stand by.

        Raises AgentError when the host has no room for them.
        """
        self._share = share
        self._hold = hold
        self._nursery.start_soon(self._hear_zygote)
        processes = [await self._spawn(index) for index in range(len(share.workers))]
        for process in processes:
            await process.ready.wait()
        return len(processes)

    async def start(self, origin: float) -> None:
        """Let all workers begin at `origin`, on the monotonic clock."""
        self._origin = origin
        for process in list(self._alive.values()):
            self.intervals.join(process.number, 0.0)
            await self._send(process, Start(origin))
        self._look_for_end()

    async def stop(self, grace: float) -> None:
        """Stop all workers gracefully; `finished` follows."""
        for process in list(self._alive.values()):
            if process.is_standby:
                await process.channel.aclose()
            else:
                await self._send(process, Stop(grace))

    async def amend(self, amendment: Amendment) -> None:
        """Let all workers, and those that will take over from them, play other phases."""
        assert self._share is not None
        self._share = amendment.apply(self._share)
        for process in list(self._alive.values()):
            if not process.has_finished:
                await self._send(process, Amend(amendment))

    async def adopt(self, adoption: Adopt) -> None:
        """Play a part of a lost agent's share, too, in a worker of its own."""
        if self._share is None or self.finished.is_set():
            await self._tell(Note(3, "a lost agent's users came too late: all had been played"))
            return
        self._share = replace(self._share, workers=(*self._share.workers, adoption.share))
        self._adopting += 1
        self._nursery.start_soon(self._play_adopted, len(self._share.workers) - 1, adoption.resume)

    async def _play_adopted(self, share: int, place: Resume) -> None:
        successor = await self._spawn(share, standby=True)
        await successor.ready.wait()
        self._adopting -= 1
        await self._let_take_over(successor, place)

    async def relay(self, message: Lease | LeaseRecall | Release | Sends) -> None:
        """Pass on what the controller grants to a worker, or tells all of them.

        Rows for one that has gone are given back in its name.
        """
        if isinstance(message, Sends):
            await self._spread(message)
            return
        process = self._alive.get(message.worker)
        if process is not None and not process.has_finished:
            await self._send(process, message)
        elif isinstance(message, Lease | LeaseRecall):
            rows = message.rows if isinstance(message, Lease) else ()
            numbers = tuple(row.number for row in rows)
            await self._tell(Returned(message.supply, numbers, message.worker))

    async def _spread(self, message: Sends, besides: _Process | None = None) -> None:
        for process in list(self._alive.values()):
            if process is not besides and not process.has_finished:
                await self._send(process, message)

    # -- processes ------------------------------------------------------------

    async def _spawn(
        self, share: int, *, standby: bool = False, foreseen: Resume | None = None
    ) -> _Process:
        assert self._share is not None
        here, there = socket.socketpair()
        async with self._asking:
            with there:
                zygote.ask(self._requests, there)
            answer = await self._started.receive()
        if isinstance(answer, zygote.NotStarted):
            here.close()
            raise AgentError(
                f"no worker can be started: {answer.reason}; "
                "allow more processes (ulimit -u, or the limit of the container)"
            )
        pid = answer.pid
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(here))
        channel = Channel(stream, MessageCodec(self._encoder))
        process = _Process(self._count, share, channel, pid, standby)
        self._count += 1
        self._alive[process.number] = process
        self._exits.setdefault(pid, trio.Event())
        self._nursery.start_soon(self._listen, process)
        work = Work(self._share, share, process.number, standby, self._hold, foreseen)
        await self._send(process, work)
        return process

    async def _send(self, process: _Process, message: Message) -> None:
        try:
            await process.channel.send(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # it is dying: `_listen` hears of it, and tells

    async def _hear_zygote(self) -> None:
        while True:
            datagram = await self._zygote.recv(zygote.DATAGRAM)
            if not datagram:
                return
            answer = zygote.read_answer(datagram)
            if isinstance(answer, zygote.Started | zygote.NotStarted):
                self._starting.send_nowait(answer)
            else:
                self._cpu_seconds[answer.pid] = answer.cpu_seconds
                self._statuses[answer.pid] = answer
                self._exits.setdefault(answer.pid, trio.Event()).set()

    async def _listen(self, process: _Process) -> None:
        """Hear one worker out, until it says no more."""
        async for message in process.channel.messages():
            await self._heed(process, message)
        await process.channel.aclose()
        with trio.move_on_after(REAP_PATIENCE):
            await self._exits[process.pid].wait()
        del self._alive[process.number]
        process.ready.set()  # whoever waited for it sees that it is gone
        if self._standby.get(process.share) is process:
            del self._standby[process.share]
        elif not process.has_finished and not process.is_standby:
            await self._mourn(process)
        self._look_for_end()

    async def _mourn(self, process: _Process) -> None:
        at = max(0.0, self.elapsed)
        users = self.intervals.lost(process.number, at)
        reason = _reason(self._statuses.get(process.pid))
        share = None if process.has_handed_over else process.share
        others = any(not one.is_standby and not one.has_finished for one in self._alive.values())
        await self._tell(WorkerLost(process.number, at, users, reason, share, others))

    # -- what workers say -----------------------------------------------------

    async def _heed(self, process: _Process, message: Message) -> None:
        if isinstance(message, Report):
            self.intervals.add(process.number, message.interval)
            self._news.set()
        elif isinstance(message, Ready):
            process.ready.set()
        elif isinstance(message, Full):
            await self._relieve(process, message)
        elif isinstance(message, Finished):
            self._note_end(process, message)
        elif isinstance(message, PhaseStarted | Note | Matches | Traffic | Exchanges | Failed):
            await self._tell(message)
        elif isinstance(message, LeaseRequest | Returned | Gathered | Sends):
            await self._tell(replace(message, worker=process.number))
            if isinstance(message, Sends):
                await self._spread(message, besides=process)

    async def _relieve(self, process: _Process, full: Full) -> None:
        """A worker is nearly full, or full: make a successor ready, or let it go on."""
        if full.soon:
            self._standby[process.share] = await self._spawn(
                process.share, standby=True, foreseen=full.resume
            )
            return
        process.has_handed_over = True
        successor = self._standby.pop(process.share, None)
        if successor is None:
            successor = await self._spawn(process.share, standby=True)
        await successor.ready.wait()
        await self._let_take_over(successor, full.resume)

    async def _let_take_over(self, successor: _Process, place: Resume) -> None:
        if successor.number not in self._alive:
            return  # stopped meanwhile
        successor.is_standby = False
        assert self._origin is not None
        self.intervals.join(successor.number, self.elapsed)
        await self._send(successor, TakeOver(self._origin, place))

    def _note_end(self, process: _Process, message: Finished) -> None:
        process.has_finished = True
        # Its own word, until it is reaped: to close very many sockets may take it a while.
        self._cpu_seconds.setdefault(process.pid, message.cost.cpu_seconds)
        self.intervals.leave(process.number)
        self.not_started += message.not_started
        self.users_open += message.users_open
        self.last_end = max(self.last_end, message.at)
        if message.aborted and not self.aborted:
            self.aborted = True
            # One user asked for the end of all; the controller hears of it when all have ended.
            self._nursery.start_soon(self.stop, 0.0)

    def _look_for_end(self) -> None:
        """All is done when every worker has gone, reaped and accounted for."""
        has_begun = self._origin is not None
        is_idle = all(process.is_standby for process in self._alive.values())
        if has_begun and is_idle and not self._adopting:
            self.finished.set()
            self._news.set()


def _reason(ended: zygote.Ended | None) -> str:
    """What a worker died of, in words."""
    if ended is None:
        return "its channel closed while it was still running"
    if ended.status < 0:
        return f"killed by {signal.Signals(-ended.status).name}"
    return f"ended with status {ended.status}; its last words are in the controller log"
