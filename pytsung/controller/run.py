"""A run from the first agent to the verdict.

Starts agents, opens the barrier, collects intervals and feeds them to whoever
listens, decides the end. Its cost grows with hosts, not with users. Must not know
XML, files or a terminal: it is handed a plan and a listener.
"""

from __future__ import annotations

import math
import resource
import signal
from collections.abc import AsyncIterator, Sequence
from random import Random
from time import monotonic, time

import trio

from pytsung.control.encoding import Encoder
from pytsung.control.messages import (
    Cost,
    Finished,
    Gathered,
    Health,
    LeaseRequest,
    Message,
    Note,
    PhaseStarted,
    Report,
    Returned,
    Sends,
    Start,
    Stop,
    WorkerLost,
)
from pytsung.control.orders import Action, Order
from pytsung.control.records import Exchanges, Matches, Traffic
from pytsung.controller.aftermath import Aftermath
from pytsung.controller.agent_link import AgentLink
from pytsung.controller.barrier import stand_by, time_to_start
from pytsung.controller.commons import Answer, Commons, read_row_files
from pytsung.controller.first_error import first_error
from pytsung.controller.launcher import Launcher
from pytsung.controller.listener import CarefulListener, Listener
from pytsung.controller.losses import Losses
from pytsung.controller.operator import Operator
from pytsung.controller.outcome import Ending, RunOptions, RunResult
from pytsung.controller.parting import is_leaving, parting_time
from pytsung.controller.preflight.before import look_before
from pytsung.controller.shares import AgentRole, make_shares
from pytsung.errors import AgentError, LogDirectoryError, PytsungError, UsageError
from pytsung.monitor.watch import UNMONITORED, Monitoring
from pytsung.plan import Plan
from pytsung.protocols import registry
from pytsung.schedule.timetable import Timetable
from pytsung.stats.collector import PATIENCE, Collected, IntervalCollector
from pytsung.stats.totals import RunTotals, check_conservation
from pytsung.stats.verdict import Judge, Verdict

LOOK_EVERY = 0.5

AGENTS_PATIENCE = 2 * PATIENCE
"""Seconds that an interval waits for agents: they wait for their workers before they report."""


class Run:
    """One run of a plan. Make it, then `await run.play(…)` once."""

    def __init__(
        self,
        plan: Plan,
        options: RunOptions,
        listener: Listener,
        timetable: Timetable | None = None,
    ) -> None:
        self._plan = plan
        self._options = options
        self._listener = CarefulListener(listener, self._cannot_keep)
        timetable = timetable or Timetable.of(plan.load)
        self._operator = Operator(timetable, self._listener, self._unix)
        self._collector: IntervalCollector[str] = IntervalCollector(AGENTS_PATIENCE)
        self._aftermath = Aftermath(options.on_agent_loss, self._listener, self._unix)
        self._judge = Judge()
        self._losses = Losses(self._judge, self._collector, self._listener, self._unix)
        self._totals = RunTotals()
        self._agent_totals: dict[str, RunTotals] = {}
        self._links: list[AgentLink] = []
        self._origin = math.inf
        self._unix_origin = time()
        self._stopped_at: float | None = None
        self._ending = Ending.PLAYED
        self._grace = 0.0
        self._stopping = trio.Event()
        self._ended = trio.Event()
        self._news = trio.Event()  # an agent has reported
        self._phase = 0
        self._own_counters: dict[str, int] = {}
        self._faults: list[str] = []
        self._warnings: list[str] = []
        self._commons: Commons | None = None

    async def play(
        self,
        roles: Sequence[AgentRole],
        launchers: Sequence[Launcher],
        monitoring: Monitoring = UNMONITORED,
    ) -> RunResult:
        """Play the plan on one agent per role; SIGINT and SIGTERM stop it gracefully.

        Raises AgentError when no agent can be started, UsageError for a plan that
        cannot be shared out.
        """
        encoder = Encoder(registry.installed())
        encoder.warm_up()
        shares = make_shares(self._plan, list(roles), self._options.seed)
        self._commons = Commons(
            self._plan,
            read_row_files(self._plan.row_files),
            [role.host for role in roles],
            sum(len(share.workers) for share in shares),
            Random(f"{self._options.seed}:commons"),
        )
        self._links = [
            AgentLink(role.host, launcher, share, encoder, self._options.cargo)
            for role, launcher, share in zip(roles, launchers, shares, strict=True)
        ]
        try:
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._heed_signals, signals)
                    nursery.start_soon(self._wind_down)
                    nursery.start_soon(self._begin, nursery, monitoring)
                    await self._ended.wait()
                    nursery.cancel_scope.cancel()
        except* PytsungError as group:
            raise first_error(group) from None
        for collected in self._collector.flush():
            self._pass_on(collected)
        return self._result()

    # -- from outside ---------------------------------------------------------

    @property
    def agents(self) -> Sequence[AgentLink]:
        """The agents, to be looked at."""
        return self._links

    def verdict_so_far(self) -> Verdict:
        """How the run would be judged if it were stopped now and nobody were due."""
        wanted = self._totals.users_started + self._totals.users_dropped
        return self._judge.verdict(self._totals, wanted=wanted, faults=self._faults)

    def command(self, order: Order) -> None:
        """Carry out an operator's order. Raises UsageError when it makes no sense now."""
        if order.action is Action.STOP:
            if not self._stopping.is_set():
                self._operator.tell(order, time())
            self._stop(Ending.STOPPED, grace=self._options.grace)
        elif self._elapsed < 0 or self._stopping.is_set() or self._ended.is_set():
            raise UsageError("no users are arriving now; change the load while the test runs")
        else:
            self._operator.change_load(order, self._elapsed, self._links)

    # -- the beginning --------------------------------------------------------

    async def _begin(self, nursery: trio.Nursery, monitoring: Monitoring) -> None:
        """Start all agents, then open the barrier: every one begins at the same instant."""
        await stand_by(self._links, self._accompany, nursery)
        self._look_before()
        warm_up = await time_to_start(self._links, self._options.warm_up)
        self._origin = monotonic() + warm_up
        self._unix_origin = time() + warm_up
        self._listener.started(self._unix_origin)
        self._listener.event("start", self._unix_origin, seed=self._options.seed)
        for link in self._links:
            self._collector.join(link.name, 0.0)
            self._agent_totals[link.name] = RunTotals(counts_only=True)
            link.tell(Start(self._origin + link.clock.offset))
        nursery.start_soon(self._collect)
        watch, timeout = self._losses.watch, self._options.agent_timeout
        nursery.start_soon(watch, self._links, timeout, lambda: self._elapsed, self._lose)
        nursery.start_soon(monitoring.run, self._listener, lambda: self._elapsed, self._unix)
        if self._plan.load.duration is not None:
            nursery.start_soon(self._end_by_duration, self._plan.load.duration)

    def _look_before(self) -> None:
        """Say where the hosts will not hold the plan. Raises AgentError where nobody can start."""
        surveyed = [(one.name, one.facts, one.share) for one in self._links if one.facts]
        self._warnings = look_before(surveyed)
        for text in self._warnings:
            self._listener.note(4, "preflight", text)

    async def _accompany(
        self,
        link: AgentLink,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Be with an agent from its start to its end, well or badly."""
        try:
            await link.live(
                self._options.run_id, self._heed, self._complained, task_status=task_status
            )
        except* AgentError as group:
            if self._origin == math.inf:
                raise
            self._lose(link, str(first_error(group)))
        else:
            self._lose(link, link.parting)

    # -- what agents say ------------------------------------------------------

    @property
    def _elapsed(self) -> float:
        return monotonic() - self._origin

    def _unix(self, at: float) -> float:
        return self._unix_origin + at

    def _complained(self, link: AgentLink, text: str) -> None:
        self._listener.note(3, link.name, text)

    async def _heed(self, link: AgentLink, message: Message) -> None:
        if isinstance(message, Report):
            self._collector.add(link.name, message.interval)
            self._news.set()
            if message.missing:
                self._judge.missing(link.name, message.interval.index, message.missing)
        elif isinstance(message, Health):
            if message.is_new_reading:
                self._listener.host(link.name, message)
        elif isinstance(message, PhaseStarted):
            self._note_phase(message)
        elif isinstance(message, WorkerLost):
            self._losses.note_worker(link, message)
            assert self._commons is not None
            self._answer(self._commons.left(link.name, monotonic(), message.worker))
            if self._elapsed >= 0 and not self._stopping.is_set():
                self._aftermath.settle_worker(link, message, self._links)
        elif isinstance(message, Note):
            self._listener.note(message.level, link.name, message.text)
        elif isinstance(message, Finished):
            self._note_finished(link, message)
        elif isinstance(message, Matches):
            self._listener.matches(message.events, self._unix_origin)
        elif isinstance(message, Traffic | Exchanges):
            self._listener.dump(self._links.index(link) + 1, message, self._unix_origin)
        elif isinstance(message, LeaseRequest | Returned | Gathered | Sends):
            assert self._commons is not None
            self._answer(self._commons.heed(link.name, message, monotonic()))

    def _answer(self, answers: Sequence[Answer]) -> None:
        """Tell agents what was granted to their workers."""
        links = {link.name: link for link in self._links}
        for name, message in answers:
            links[name].tell(message)

    def _note_phase(self, message: PhaseStarted) -> None:
        """Tell of a phase once, when its first worker enters it."""
        if message.phase > self._phase:
            self._phase = message.phase
            self._operator.timetable.entered(message.phase - 1, message.at)
            self._listener.event("phase", self._unix(message.at), phase=message.phase)
            self._listener.note(5, "controller", f"Start a new arrival phase ({message.phase})")

    def _note_finished(self, link: AgentLink, message: Finished) -> None:
        self._collector.leave(link.name)
        if message.aborted:
            self._stop(Ending.ABORTED, grace=0.0)
        self._look_for_end()

    def _lose(self, link: AgentLink, reason: str) -> None:
        """An agent is gone: its users are lost, the others go on."""
        if link.is_lost or link.finished is not None:
            return
        at = max(0.0, self._elapsed)
        self._losses.note_agent(link, at, reason)
        if self._commons is not None:
            self._answer(self._commons.left(link.name, monotonic()))
        if all(one.is_lost for one in self._links):
            self._ending = Ending.FAULT
            self._faults.append(f"the run: ended after {at:.0f} s, for every agent was lost")
        elif not self._stopping.is_set():
            fault = self._aftermath.settle(link, at, self._links)
            if fault:
                self._faults.append(fault)
                self._stop(Ending.FAULT, grace=self._options.grace)
        self._look_for_end()

    # -- intervals ------------------------------------------------------------

    async def _collect(self) -> None:
        """Pass each interval on as soon as it is complete."""
        while True:
            with trio.move_on_after(LOOK_EVERY):  # somebody may be late
                await self._news.wait()
            self._news = trio.Event()
            for collected in self._collector.ready(self._elapsed):
                self._pass_on(collected)
            assert self._commons is not None
            self._answer(self._commons.look(monotonic()))

    def _pass_on(self, collected: Collected[str]) -> None:
        merged = collected.merged()
        for name, count in self._own_counters.items():
            merged.counters[name] = merged.counters.get(name, 0) + count
        self._own_counters.clear()
        self._totals.add(merged)
        for name, part in collected.parts.items():
            self._agent_totals[name].add(part)
            if not is_leaving(collected.index, self._stopped_at):
                self._judge.interval(name, part)
        for name in collected.missing:
            self._judge.missing(name, collected.index)
        self._losses.note_coverage(collected, self._links)
        at = self._unix(collected.index + 1)
        self._listener.interval(merged, collected.parts, self._totals, at)
        if self._options.tripwire.look(self._totals, collected.index + 1):
            self._stop(Ending.THRESHOLD, grace=self._options.grace)

    # -- the end --------------------------------------------------------------

    def _look_for_end(self) -> None:
        if all(link.is_lost or link.finished is not None for link in self._links):
            self._ended.set()

    def _stop(self, ending: Ending, *, grace: float) -> None:
        """Begin to end the run early; the first reason counts."""
        if self._stopping.is_set() or self._ended.is_set():
            return
        self._ending = ending
        self._stopped_at = max(0.0, self._elapsed)
        self._grace = grace
        if ending in (Ending.DURATION, Ending.ABORTED):
            self._own_counters["error_abort"] = 1  # as Tsung counts an aborted test
        self._listener.event("stop", time(), reason=ending.value)
        self._stopping.set()

    def _cannot_keep(self, error: LogDirectoryError) -> None:
        """Nothing can be written any more: end in order, with what was measured."""
        self._faults.append(str(error))
        self._stop(Ending.UNWRITABLE, grace=0.0)

    async def _wind_down(self) -> None:
        """Once stopping: let agents finish, but not for ever."""
        await self._stopping.wait()
        if self._origin == math.inf:
            self._ended.set()
            return
        for link in self._links:
            link.tell(Stop(self._grace))
        await trio.sleep(parting_time(self._grace, self._totals.users_open))
        self._listener.note(4, "controller", "agents did not report their end in time")
        self._ended.set()

    async def _heed_signals(self, signals: AsyncIterator[int]) -> None:
        """The first signal stops the run gracefully, the second at once."""
        async for number in signals:
            if self._stopping.is_set():
                self._ended.set()
            ending = Ending.INTERRUPTED if number == signal.SIGINT else Ending.TERMINATED
            self._stop(ending, grace=self._options.grace)

    async def _end_by_duration(self, duration: float) -> None:
        await trio.sleep(max(0.0, duration - self._elapsed))
        self._stop(Ending.DURATION, grace=0.0)

    def _result(self) -> RunResult:
        finished = [link.finished for link in self._links if link.finished is not None]
        not_started = sum(message.not_started for message in finished)
        was_stopped = self._stopped_at is not None
        if was_stopped:
            wanted = self._totals.users_started + self._totals.users_dropped + not_started
        else:
            wanted = self._operator.timetable.wanted + len(self._plan.load.scheduled_users)
            # Agents that were lost cannot tell how many of theirs never came.
            not_started = max(0, wanted - self._totals.users_started - self._totals.users_dropped)
        faults = [*self._faults, *check_conservation(self._totals, self._agent_totals)]
        ends = [message.at for message in finished] or [max(0.0, self._elapsed)]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return RunResult(
            ending=self._ending,
            verdict=self._judge.verdict(self._totals, wanted=wanted, faults=faults),
            totals=self._totals,
            started_at=self._unix_origin,
            duration=max(ends) if self._stopped_at is None else self._stopped_at,
            not_started=not_started,
            coverage=self._judge.coverage,
            warnings=tuple(self._warnings),
            amended=self._operator.timetable.is_amended,
            agents=self._links,
            agent_totals=self._agent_totals,
            cost=Cost(
                usage.ru_utime
                + usage.ru_stime
                + sum(message.cost.cpu_seconds for message in finished),
                usage.ru_maxrss * 1024 + sum(link.peak_rss for link in self._links),
            ),
        )
