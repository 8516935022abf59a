"""The agent: between one controller and the workers of one host.

Relays shares down and merged intervals up, watches its host. When the controller's
stream ends, or says nothing for too long, the agent ends with everything it started.
"""

from __future__ import annotations

import os
import platform
import resource
import socket
from contextlib import aclosing
from time import monotonic, time

import trio

from pytsung.agent.channel import Channel
from pytsung.agent.hold import FileHold
from pytsung.agent.host import HostSampler, descriptor_limit, descriptors, rss
from pytsung.agent.survey import survey
from pytsung.agent.tuning import tune
from pytsung.agent.workers import Workers
from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    VERSION,
    Adopt,
    Amend,
    AskClock,
    Assign,
    Beat,
    ClockReading,
    Cost,
    Failed,
    FilePart,
    Finished,
    Health,
    Hello,
    Lease,
    LeaseRecall,
    Message,
    Ready,
    Release,
    Report,
    Sends,
    Start,
    Stop,
    Survey,
    Surveyed,
    Tune,
    Tuned,
)
from pytsung.errors import AgentError

SILENCE = 15.0
"""Seconds without a word from the controller after which the agent ends itself."""

LOOK_EVERY = 0.5
"""Seconds between looks for intervals that have waited long enough for a late worker."""

HEALTH_EVERY = 1.0
HOST_EVERY = 10
"""Health goes out every second; the host is read anew every tenth time, as Tsung does."""


class Agent:
    """One agent's life; `zygote` is the socket to its zygote."""

    def __init__(self, controller: Channel, zygote: socket.socket, encoder: Encoder) -> None:
        self._controller = controller
        self._zygote = zygote
        self._encoder = encoder
        self._heard = monotonic()
        self._peak_rss = 0
        self._host = HostSampler()
        self._is_introduced = False  # the controller, as one of our own version
        self._surveyed: trio.Event | None = None
        self._files = FileHold()

    async def run(self) -> None:
        """Serve the controller until it has heard the end, or is gone."""
        await self._tell(
            Hello(
                VERSION,
                host=socket.gethostname().partition(".")[0],
                pid=os.getpid(),
                clock=monotonic(),
                cores=os.cpu_count() or 1,
                python=platform.python_version(),
            )
        )
        async with trio.open_nursery() as nursery:
            workers = Workers(self._zygote, self._encoder, self._tell, nursery)
            nursery.start_soon(self._watch_silence, nursery.cancel_scope)
            try:
                async with aclosing(self._controller.messages()) as messages:
                    async for message in messages:
                        self._heard = monotonic()
                        await self._heed(message, workers, nursery)
            except AgentError as error:  # nothing that this version understands, or may do
                await self._tell(Failed(str(error)))
            nursery.cancel_scope.cancel()

    async def _tell(self, message: Message) -> None:
        try:
            await self._controller.send(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the controller is gone: `run` sees the end of its stream

    async def _heed(self, message: Message, workers: Workers, nursery: trio.Nursery) -> None:
        if isinstance(message, Hello):
            if message.version != VERSION:
                reason = f"agent speaks version {VERSION}, controller version {message.version}"
                raise AgentError(f"{reason}; run the same pytsung on both")
            self._is_introduced = True
        elif isinstance(message, AskClock):
            await self._tell(ClockReading(message.number, monotonic(), time()))
        elif isinstance(message, FilePart):
            self._files.take(message)
        elif isinstance(message, Survey):
            self._surveyed = trio.Event()
            nursery.start_soon(self._survey, message)
        elif isinstance(message, Tune):
            nursery.start_soon(self._tune, message)
        elif isinstance(message, Assign):
            if not self._is_introduced:
                raise AgentError("a share came before versions were compared; start anew")
            nursery.start_soon(self._prepare, message, workers)
        elif isinstance(message, Start):
            await workers.start(message.origin)
            nursery.start_soon(self._report, workers)
            nursery.start_soon(self._report_health, workers)
        elif isinstance(message, Stop):
            nursery.start_soon(workers.stop, message.grace)
        elif isinstance(message, Amend):
            await workers.amend(message.amendment)
        elif isinstance(message, Adopt):
            await workers.adopt(message)
        elif isinstance(message, Lease | LeaseRecall | Release | Sends):
            await workers.relay(message)
        elif not isinstance(message, Beat):
            await self._tell(Failed(f"a {type(message).__name__} is nothing for an agent"))

    async def _prepare(self, message: Assign, workers: Workers) -> None:
        try:
            count = await workers.prepare(message.share, self._files.contents())
        except AgentError as error:
            await self._tell(Failed(str(error)))
            return
        if self._surveyed is not None:
            await self._surveyed.wait()
        await self._tell(Ready(count))

    async def _survey(self, message: Survey) -> None:
        await self._tell(Surveyed(await survey(message.endpoints, message.addresses)))
        assert self._surveyed is not None
        self._surveyed.set()

    async def _tune(self, message: Tune) -> None:
        status, output = await tune(message.script)
        await self._tell(Tuned(status, output))

    async def _report(self, workers: Workers) -> None:
        """Send merged intervals as they are complete, then the end."""
        while not workers.finished.is_set():
            with trio.move_on_after(LOOK_EVERY):  # somebody may be late
                await workers.news()
            for collected in workers.intervals.ready(workers.elapsed):
                await self._tell(Report(collected.merged(), collected.missing))
        for collected in workers.intervals.flush():
            await self._tell(Report(collected.merged()))
        await self._tell(
            Finished(
                at=workers.last_end,
                cost=Cost(workers.cpu_seconds + _own_cpu_seconds(), self._peak_rss),
                users_open=workers.users_open,
                not_started=workers.not_started,
                aborted=workers.aborted,
            )
        )

    async def _report_health(self, workers: Workers) -> None:
        count = 0
        while True:
            is_new = count % HOST_EVERY == 0
            if is_new:
                reading = self._host.read()
            memory = rss([os.getpid(), *workers.pids])
            self._peak_rss = max(self._peak_rss, memory)
            health = Health(
                at=workers.elapsed,
                cpu=reading.cpu,
                free_memory=reading.free_memory,
                load=reading.load,
                rss=memory,
                workers=len(workers.pids),
                is_new_reading=is_new,
                descriptors=max(map(descriptors, workers.pids), default=0),
                descriptor_limit=descriptor_limit(),
            )
            await self._tell(health)
            count += 1
            await trio.sleep(HEALTH_EVERY)

    async def _watch_silence(self, scope: trio.CancelScope) -> None:
        while monotonic() - self._heard < SILENCE:  # noqa: ASYNC110 - time itself is awaited
            await trio.sleep(1)
        scope.cancel()


def _own_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
