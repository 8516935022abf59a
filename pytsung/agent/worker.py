"""One worker process: a reactor full of users, and a control task as its guest.

Is told what to do by its agent over a socket, and reports every second. Must not
know the controller, nor other workers.
"""

from __future__ import annotations

import dataclasses
import gc
import resource
import socket
import time
from functools import partial
from math import floor
from random import Random
from time import monotonic

import trio

from pytsung.agent.arrivals import Arrivals, Watcher
from pytsung.agent.callbacks import load_callbacks
from pytsung.agent.channel import Channel
from pytsung.agent.crowd import Crowd
from pytsung.agent.dialer import Dialer
from pytsung.agent.dump import Dumping
from pytsung.agent.hold import HeldFiles
from pytsung.agent.lounge import Lounge
from pytsung.agent.resolver import Resolver
from pytsung.agent.surroundings import Surroundings
from pytsung.agent.workshop import Workshop
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    Amend,
    Cost,
    Failed,
    Finished,
    Full,
    Lease,
    LeaseRecall,
    Message,
    PhaseStarted,
    Ready,
    Release,
    Report,
    Sends,
    Start,
    Stop,
    TakeOver,
    Work,
)
from pytsung.control.share import AgentShare, Amendment, Resume, WorkerShare
from pytsung.errors import AgentError
from pytsung.fence import Fence
from pytsung.plan import Dump
from pytsung.protocols.registry import Registry
from pytsung.reactor.reactor import Reactor
from pytsung.stats import Recorder
from pytsung.user.program import Program
from pytsung.user.world import World

INTERVAL = 1.0
"""Seconds of one interval."""

SPARE_DESCRIPTORS = 64
"""Descriptors of a worker that are no users' connections: epolls, channels, look-ups."""

LOOK_FOR_IDLE = 0.02
"""Seconds between looks whether the last requests are answered, when stopping."""

COLLECT_EVERY = 60
"""Intervals between collections of cyclic garbage while users arrive: there is hardly
any (none in a minute of connecting), and looking through the new users costs."""

OUTBOX = 256
"""Messages kept while the agent is slow to read: a few minutes of reports."""

OUTBOX_FOR_NOTES = OUTBOX // 4
"""Messages waiting above which `dumptraffic` has to stand back."""


def run_worker(connection: socket.socket, encoder: Encoder) -> None:
    """Live as a worker at the far end of `connection`, until the work is done.

    Raises whatever goes wrong: a bug ends this process, and the agent tells of it.
    """
    _raise_descriptor_limit()
    gc.disable()  # `_report` collects: at a time of its own choosing, and only what is new
    gc.freeze()
    reactor = Reactor()
    worker = _Worker(reactor, encoder.registry)
    reactor.run(partial(worker.live, connection, encoder))


def _raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Worker:
    """The control task of one worker."""

    def __init__(self, reactor: Reactor, rooms: Registry) -> None:
        self._reactor = reactor
        self._rooms = rooms
        self._recorder = Recorder()
        self._origin = 0.0
        self._not_started = 0
        self._is_leaving = False
        self._interval = 0
        self._cpu = time.process_time()
        self._cpu_at = monotonic()
        self._done = trio.Event()
        self._outbox, self._to_send = trio.open_memory_channel[Message](OUTBOX)
        self._work: Work | None = None
        self._crowd: Crowd | None = None
        self._lounge = Lounge(reactor, self._outbox.send_nowait)
        self._arrivals: Arrivals | None = None
        self._programs: list[Program] = []
        self._dumping: Dumping | None = None

    async def live(self, connection: socket.socket, encoder: Encoder) -> None:
        """Play the share that comes over `connection`; ends when told, or when played."""
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(connection))
        channel = Channel(stream, MessageCodec(encoder))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_all, channel)
            async for message in channel.messages():
                await self._heed(message, nursery)
            # The agent is gone: so are we, and our users with us.
            nursery.cancel_scope.cancel()

    async def _send_all(self, channel: Channel) -> None:
        async for message in self._to_send:
            try:
                await channel.send(message)
            except trio.BrokenResourceError:
                return  # the agent is gone: `live` hears the end of the channel
            if isinstance(message, Finished):
                await channel.aclose()

    async def _heed(self, message: Message, nursery: trio.Nursery) -> None:
        if isinstance(message, Work):
            try:
                self._prepare(message, nursery)
            except AgentError as error:
                self._outbox.send_nowait(Failed(str(error)))
            else:
                self._outbox.send_nowait(Ready())
        elif isinstance(message, Start):
            self._begin(message.origin, None, nursery)
        elif isinstance(message, TakeOver):
            self._begin(message.origin, message.resume, nursery)
        elif isinstance(message, Stop):
            await self._stop(message.grace)
        elif isinstance(message, Amend):
            self._amend(message.amendment)
        elif isinstance(message, Lease | LeaseRecall | Release | Sends):
            self._lounge.heed(message)
        else:
            raise AgentError(f"worker: a {type(message).__name__} is nothing for a worker")

    # -- setting up -----------------------------------------------------------

    def _prepare(self, work: Work, nursery: trio.Nursery) -> None:
        share = work.share
        worker = _within_descriptor_limit(share.workers[work.worker])
        room = self._rooms.room
        programs = [
            Program(session, room(session.kind), number, room)
            for number, session in enumerate(share.plan.sessions, 1)
        ]
        choices = Random(f"{share.seed}:{worker.index}:{work.number}")
        now = time.time()
        offset = now - monotonic()
        world = World(self._recorder, choices, share.plan.quirks, int(now), offset)
        world.supplies = self._lounge.supplies
        held = world.context.files = HeldFiles(work.hold)
        modules = held.named(share.plan.python_modules)
        world.callbacks = load_callbacks(_callbacks_of(programs), modules)
        world.encounters.when_news = self._lounge.stir
        self._lounge.world = world
        resolver = Resolver(nursery, Fence())
        dialer = Dialer(worker, self._recorder, choices, is_successor=work.standby)
        self._crowd = Crowd(Surroundings(self._reactor, resolver, dialer, world))
        self._crowd.waiting = self._lounge.everyone
        if share.plan.dump is not Dump.NOTHING:
            self._dumping = Dumping(share.plan.dump, world, self._tell_notes)
            self._crowd.make_user = self._dumping.make_user
        surroundings = self._crowd.surroundings
        surroundings.when_ended = self._look_for_end
        surroundings.workshop = Workshop(self._reactor, nursery)
        surroundings.when_in_need = self._lounge.need
        surroundings.when_gathered = self._lounge.gather
        surroundings.files = held.named(share.plan.certificates)
        self._programs = programs
        self._arrivals = self._make_arrivals(share, worker, programs)
        if work.foreseen is not None:
            self._arrivals.foresee(work.foreseen)
        self._work = work

    def _tell_notes(self, message: Message) -> None:
        """Send what may be left out: only while there is room for everything else."""
        if self._outbox.statistics().current_buffer_used >= OUTBOX_FOR_NOTES:
            raise trio.WouldBlock
        self._outbox.send_nowait(message)

    def _make_arrivals(
        self, share: AgentShare, worker: WorkerShare, programs: list[Program]
    ) -> Arrivals:
        def nearly_full(place: Resume) -> None:
            self._outbox.send_nowait(Full(place, soon=True))

        def full(place: Resume) -> None:
            self._outbox.send_nowait(Full(place))

        def phase_started(phase: int, at: float) -> None:
            self._outbox.send_nowait(PhaseStarted(worker.index, phase, at))

        assert self._crowd is not None
        watcher = Watcher(phase_started, nearly_full, full, self._look_for_end)
        return Arrivals(self._crowd, share, worker, programs, watcher)

    def _begin(self, origin: float, place: Resume | None, nursery: trio.Nursery) -> None:
        assert self._arrivals is not None
        self._origin = origin
        self._interval = max(0, floor((monotonic() - origin) / INTERVAL))
        self._lounge.origin = origin
        if self._dumping is not None:
            self._dumping.begin(origin)
        self._lounge.supplies.prepare(
            sorted(set().union(*(program.supplies for program in self._programs)), key=str)
        )
        self._arrivals.begin(origin, place)
        nursery.start_soon(self._report_intervals)

    def _amend(self, amendment: Amendment) -> None:
        """Other phases from now on, unless all is done here."""
        work = self._work
        if work is None or self._arrivals is None or self._done.is_set():
            return
        share = amendment.apply(work.share)
        self._work = dataclasses.replace(work, share=share)
        worker = _within_descriptor_limit(share.workers[work.worker])
        self._arrivals.amend(share, worker, amendment)

    # -- reporting ------------------------------------------------------------

    async def _report_intervals(self) -> None:
        """Report every second, aligned to the test's start, until everything is done."""
        while not self._done.is_set():
            end = self._origin + (self._interval + 1) * INTERVAL
            with trio.move_on_after(max(0.0, end - monotonic())):
                await self._done.wait()
            if monotonic() >= end:
                self._report()
        self._report()
        await self._lounge.settle()
        self._lounge.close()
        assert self._crowd is not None
        self._outbox.send_nowait(
            Finished(
                at=self._crowd.surroundings.last_end - self._origin,
                cost=_own_cost(),
                users_open=self._recorder.users_open,
                not_started=self._not_started,
                aborted=self._crowd.surroundings.aborts_test,
            )
        )

    def _report(self) -> None:
        """Close the interval at hand and send it off."""
        arrivals, recorder = self._arrivals, self._recorder
        assert arrivals is not None
        recorder.generator_samples("lateness", arrivals.lateness)
        self._note_lags()
        recorder.generator_samples("worker_cpu", [self._cpu_share()])
        arrivals.lateness.clear()
        if not recorder.users_started or self._interval % COLLECT_EVERY == 0:
            gc.collect(0)
        gc.freeze()  # users are no garbage: let no collection walk through them
        self._lounge.stir()
        self._lounge.report_matches()
        if self._dumping is not None:
            self._dumping.report()
        self._outbox.send_nowait(Report(recorder.take(self._interval)))
        self._interval += 1

    def _note_lags(self) -> None:
        """Record how late the loop was; but saying goodbye to everybody measures nothing."""
        if not self._is_leaving:
            self._recorder.generator_samples("loop_lag", self._reactor.lags)
        self._reactor.lags.clear()

    def _cpu_share(self) -> float:
        """Part of a core used since the last interval."""
        cpu, at = time.process_time(), monotonic()
        share = (cpu - self._cpu) / max(at - self._cpu_at, 1e-3)
        self._cpu, self._cpu_at = cpu, at
        return share

    # -- ending ---------------------------------------------------------------

    def _look_for_end(self) -> None:
        """Called after each user's end, and when the last one has been started."""
        assert self._crowd is not None
        assert self._arrivals is not None
        if self._crowd.surroundings.aborts_test or (
            self._arrivals.is_finished and not self._crowd.size
        ):
            self._done.set()

    async def _stop(self, grace: float) -> None:
        """No new users, `grace` seconds for requests in flight, then the end for all."""
        if self._crowd is None or self._arrivals is None or self._done.is_set():
            return
        self._crowd.surroundings.is_stopping = True
        self._not_started = self._arrivals.stop()
        with trio.move_on_after(grace):
            # Looked for, not told: users know no events, and this happens once a test.
            while any(not one.user.is_idle for one in self._crowd.everyone()):  # noqa: ASYNC110
                await trio.sleep(LOOK_FOR_IDLE)
        self._note_lags()
        self._is_leaving = True
        for one in self._crowd.everyone():
            one.abandon()
        self._done.set()


def _within_descriptor_limit(share: WorkerShare) -> WorkerShare:
    """The share with no more users at once than this process may have descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = max(1, soft - SPARE_DESCRIPTORS)
    return share if share.max_users <= room else dataclasses.replace(share, max_users=room)


def _callbacks_of(programs: list[Program]) -> set[str]:
    return {callback for program in programs for callback in program.callbacks}


def _own_cost() -> Cost:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
