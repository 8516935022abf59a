"""`pytsung start`: the run with its log directory, its view and its exit status."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any, TextIO

import trio

from pytsung.cli import fleet
from pytsung.cli.arguments import Arguments
from pytsung.cli.retarget import send_to
from pytsung.config import Configuration
from pytsung.control.messages import Cost, Exchanges, Health, MatchEvent, Traffic
from pytsung.controller.aftermath import OnAgentLoss
from pytsung.controller.outcome import Ending, RunOptions, RunResult
from pytsung.controller.run import Run, planned
from pytsung.controller.target import bundled_target, target_endpoint
from pytsung.dashboard import LiveState, LiveView, make_console, render_summary
from pytsung.dashboard.exposition import exposition
from pytsung.dashboard.scrape import serving_metrics
from pytsung.errors import ExitStatus
from pytsung.logdir.directory import create_log_directory
from pytsung.logdir.plan_figures import describe_plan
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import AgentFigures, RunSummary
from pytsung.plan import Plan
from pytsung.report.at_the_end import after_run
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.thresholds import Crossing, Threshold
from pytsung.stats.totals import RunTotals
from pytsung.stats.tripwire import Tripwire

KEPT = (
    "All slaves have stopped; keep controller and web dashboard alive. \n"
    "Hit CTRL-C or click Stop on the dashboard to stop.\n"
)
"""What Tsung says under `-k`, to the letter: scripts wait for it."""


def start(asked: Arguments, configuration: Configuration) -> int:
    """Run the test; gives the exit status."""
    limits = (*configuration.plan.thresholds, *asked.thresholds)
    tripwire = Tripwire([Threshold.parse(text) for text in limits])
    plan = send_to(configuration.plan, asked.server) if asked.server else configuration.plan
    roles = fleet.roles(asked, plan)
    endpoint = target_endpoint(plan) if asked.target else None
    options = replace(_options(asked, plan, tripwire), cargo=configuration.cargo)
    began = datetime.now().astimezone()
    directory = create_log_directory(asked.log_root, began)
    sys.stdout.write(f"Starting Tsung\nLog directory is: {directory}\n")
    sys.stdout.flush()
    console = make_console(color=asked.color)
    for warning in configuration.warnings:
        console.print(f"warning: {warning}", style="yellow", soft_wrap=True)
    log = _open_log(asked, plan, directory)
    log.save_configuration(plan.name, configuration.document)
    for warning in configuration.warnings:
        log.note(4, "config", str(warning))

    async def live() -> tuple[RunResult, Cost | None]:
        async with AsyncExitStack() as stack:
            target = None
            if endpoint is not None:
                context = bundled_target(
                    endpoint, asked.target_options, users=planned(plan), run_id=options.run_id
                )
                target = await stack.enter_async_context(context)
                log.note(5, "controller", target.address)
            with LiveView(console, quiet=asked.quiet) as view:
                reporter = Reporter(plan, log, view)
                if asked.prometheus is not None:
                    await stack.enter_async_context(
                        serving_metrics(asked.prometheus, lambda: exposition(reporter.totals))
                    )
                run = Run(plan, options, reporter)
                launchers = await stack.enter_async_context(fleet.launchers(asked, roles))
                result = await run.play(roles, launchers)
        return result, target.cost if target is not None else None

    try:
        result, target_cost = trio.run(live)
        crossings = tripwire.judge(result.totals, result.duration)
        summary = _summarise(plan, result, target_cost, crossings, configuration, log.values)
        log.finish(summary, time())
    finally:
        log.close()

    def say(text: str) -> None:
        if not asked.quiet:
            console.print(text, style="dim", soft_wrap=True, highlight=False, markup=False)

    after_run(directory, summary, say, with_report=asked.report, junit=asked.junit)
    render_summary(summary, console, quiet=asked.quiet)  # its last line is the verdict
    if asked.keep and result.ending is Ending.PLAYED:
        _keep_waiting()
    return int(exit_status(result.ending, summary.verdict.status, crossings))


def exit_status(ending: Ending, verdict: str, crossings: Sequence[Crossing]) -> ExitStatus:
    """The first that applies: stopped by a signal, not to be believed, a threshold crossed."""
    if ending is Ending.UNWRITABLE:
        return ExitStatus.NO_AGENT
    if ending is Ending.INTERRUPTED:
        return ExitStatus.INTERRUPTED
    if ending is Ending.TERMINATED:
        return ExitStatus.TERMINATED
    if verdict == "invalid":
        return ExitStatus.INVALID
    if any(not crossing.kept for crossing in crossings):
        return ExitStatus.THRESHOLD_CROSSED
    return ExitStatus.OK


def _options(asked: Arguments, plan: Plan, tripwire: Tripwire) -> RunOptions:
    seed = plan.seed if plan.seed is not None else random.SystemRandom().getrandbits(32)
    return RunOptions(
        seed=seed,
        warm_up=asked.warm_up,
        grace=asked.grace,
        agent_timeout=asked.agent_timeout,
        on_agent_loss=OnAgentLoss(asked.on_agent_loss),
        tripwire=tripwire,
    )


def _open_log(asked: Arguments, plan: Plan, directory: Path) -> RunLog:
    statistics: Path | TextIO = Path(asked.statistics)
    if asked.statistics == "-":
        statistics = sys.stdout
    level = 7 if asked.verbose else plan.log_level
    return RunLog(
        directory,
        host=_host_name(),
        statistics=statistics,
        log_level=level,
        backend=plan.backend,
        dump=plan.dump,
        line_protocol=Path(asked.influx) if asked.influx else None,
    )


def _host_name() -> str:
    return socket.gethostname().partition(".")[0]


def _summarise(
    plan: Plan,
    result: RunResult,
    target: Cost | None,
    crossings: Sequence[Crossing],
    configuration: Configuration,
    values: Mapping[str, SampleSummary],
) -> RunSummary:
    agents = tuple(
        AgentFigures(
            host=link.name,
            workers=len(link.share.workers),
            started=result.agent_totals[link.name].users_started,
            lost=result.agent_totals[link.name].users_lost,
            clock_offset=link.clock_offset,
            cost=replace(link.finished.cost, peak_rss=link.peak_rss)
            if link.finished is not None
            else Cost(peak_rss=link.peak_rss),
        )
        for link in result.agents
        if link.name in result.agent_totals
    )
    return RunSummary.of(
        result.totals,
        verdict=result.verdict,
        plan=describe_plan(plan),
        started_at=datetime.fromtimestamp(result.started_at).astimezone().isoformat(),
        duration=result.duration,
        not_started=result.not_started,
        amended=result.amended,
        coverage=round(result.coverage, 6),
        values=values,
        agents=agents,
        target=target,
        cost=result.cost,
        thresholds=tuple(crossings),
        warnings=tuple(str(warning) for warning in configuration.warnings),
    )


def _keep_waiting() -> None:
    try:  # from the first word on: whoever waits for it may answer with Ctrl-C at once
        sys.stdout.write(KEPT)
        sys.stdout.flush()
        trio.run(trio.sleep_forever)
    except KeyboardInterrupt:
        return


class Reporter:
    """Tells log directory and terminal what the run tells."""

    def __init__(self, plan: Plan, log: RunLog, view: LiveView) -> None:
        self.totals = RunTotals()
        self._log = log
        self._view = view
        self._phases = plan.load.all_phases()
        self._planned = sum(phase.duration for phase in self._phases)
        self._limit = plan.load.duration
        self._phase = 0
        view.update(LiveState(activity="starting the agent"))

    def started(self, at: float) -> None:
        """The test begins."""

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        """A second of the test is complete."""
        self.totals = totals
        self._log.interval(merged, by_agent, at)
        elapsed = float(merged.index + 1)
        requests = merged.samples.get("request")
        self._view.update(
            LiveState(
                elapsed=elapsed,
                remaining=self._remaining(elapsed),
                users=merged.users_open,
                connected=merged.connections_open,
                arrivals=float(merged.users_started),
                requests=float(requests.count) if requests is not None else 0.0,
                errors=totals.errors,
                activity=self._activity(elapsed),
            )
        )

    def _remaining(self, elapsed: float) -> float | None:
        ends = [end for end in (self._planned, self._limit) if end is not None and end > elapsed]
        return min(ends) - elapsed if ends else None

    def _activity(self, elapsed: float) -> str:
        if elapsed >= self._planned:
            return "waiting for the last users"
        return f"phase {max(1, self._phase)} of {len(self._phases)}"

    def host(self, name: str, health: Health) -> None:
        """How a host is doing."""
        host = _host_name() if name == "localhost" else name
        self._log.host(host, health.cpu, health.free_memory, health.load)

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """Something happened."""
        if kind == "phase":
            self._phase = fields["phase"]
        self._log.event(kind, at, **fields)

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None:
        """Matches that are to be written down."""
        self._log.matches(events, origin)

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None:
        """What users did, for `tsung.dump`."""
        self._log.dump(agent, batch, origin)

    def note(self, level: int, source: str, text: str) -> None:
        """A line for the log; errors are shown at once."""
        self._log.note(level, source, text)
        if level <= 4:
            self._view.say(f"{source}: {text}", style="yellow" if level == 4 else "red")
