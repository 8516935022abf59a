"""`pytsung start`: the run with its log directory, its view and its exit status."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import time
from typing import TextIO

import trio

from pytsung.cli import fleet
from pytsung.cli.arguments import Arguments
from pytsung.cli.doors import Doors, claim_id, open_doors, stay_open
from pytsung.cli.exports import begin_exports, check_exports, open_lines
from pytsung.cli.haste import hurried_by_signals
from pytsung.cli.host_name import host_name
from pytsung.cli.reporter import Reporter
from pytsung.cli.retarget import send_to
from pytsung.config import Configuration
from pytsung.control.messages import Cost
from pytsung.controller.aftermath import OnAgentLoss
from pytsung.controller.outcome import Ending, RunOptions, RunResult
from pytsung.controller.run import Run
from pytsung.controller.shares import planned
from pytsung.controller.target import bundled_target, target_endpoint
from pytsung.dashboard.beside import beside
from pytsung.dashboard.exposition import exposition
from pytsung.dashboard.live_run import Heading, LiveRun
from pytsung.dashboard.result import render_summary
from pytsung.dashboard.scrape import serving_metrics
from pytsung.dashboard.terminal import LiveView, make_console
from pytsung.errors import ExitStatus
from pytsung.logdir.directory import create_log_directory
from pytsung.logdir.line_protocol import Lines
from pytsung.logdir.plan_figures import describe_plan
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import AgentFigures, RunSummary
from pytsung.plan import Plan
from pytsung.report.at_the_end import after_run
from pytsung.schedule.timetable import Timetable
from pytsung.stats import SampleSummary
from pytsung.stats.thresholds import Crossing, Threshold
from pytsung.stats.tripwire import Tripwire

KEPT = (
    "All slaves have stopped; keep controller and web dashboard alive. \n"
    "Hit CTRL-C or click Stop on the dashboard to stop.\n"
)
"""What Tsung says under `-k`, to the letter: scripts wait for it."""


def start(asked: Arguments, configuration: Configuration) -> int:
    """Run the test; gives the exit status."""
    check_exports(asked)
    limits = (*configuration.plan.thresholds, *asked.thresholds)
    tripwire = Tripwire([Threshold.parse(text) for text in limits])
    plan = send_to(configuration.plan, asked.server) if asked.server else configuration.plan
    plan = fleet.settled(asked, plan)
    roles = fleet.roles(asked, plan)
    endpoint = target_endpoint(plan) if asked.target else None
    options = replace(_options(asked, plan, tripwire), cargo=configuration.cargo)
    console = make_console(color=asked.color)

    def say(text: str, style: str = "dim") -> None:
        if not asked.quiet or style != "dim":
            console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)

    claimed = claim_id(asked, say)
    began = datetime.now().astimezone()
    directory = create_log_directory(asked.log_root, began)
    sys.stdout.write(f"Starting Tsung\nLog directory is: {directory}\n")
    sys.stdout.flush()
    for warning in configuration.warnings:
        console.print(f"warning: {warning}", style="yellow", soft_wrap=True)
    lines = open_lines(asked, directory.name)
    log = _open_log(asked, plan, directory, lines)
    log.save_configuration(plan.name, configuration.document)
    for warning in configuration.warnings:
        log.note(4, "config", str(warning))

    timetable = Timetable(plan.load.all_phases())
    live = LiveRun(_heading(plan, options, directory), timetable)
    doors = Doors(live)

    async def play() -> tuple[RunResult, Cost | None]:
        result = target = None
        closing = trio.CancelScope()
        async with AsyncExitStack() as stack:
            stack.enter_context(closing)
            stack.enter_context(hurried_by_signals(closing))
            if endpoint is not None:
                context = bundled_target(
                    endpoint, asked.target_options, users=planned(plan), run_id=options.run_id
                )
                target = await stack.enter_async_context(context)
                log.note(5, "controller", target.address)
            with LiveView(console, quiet=asked.quiet) as view:
                reporter = Reporter(live, log, view, tripwire)
                await stack.enter_async_context(beside(view.tick))
                await begin_exports(
                    stack,
                    asked,
                    lines,
                    directory.name,
                    lambda: reporter.totals,
                    lambda text: reporter.note(4, "export", text),
                )
                if asked.prometheus is not None:
                    await stack.enter_async_context(
                        serving_metrics(asked.prometheus, lambda: exposition(live.totals))
                    )
                run = reporter.run = Run(plan, options, reporter, timetable)
                doors.command = run.command
                launchers = await stack.enter_async_context(fleet.launchers(asked, roles))
                result = await run.play(roles, launchers)
        if result is None:  # a signal came before the first user did
            raise KeyboardInterrupt
        return result, target.cost if target is not None else None

    def show(summary: RunSummary) -> None:
        after_run(directory, summary, say, with_report=asked.report, junit=asked.junit)
        render_summary(summary, console, quiet=asked.quiet)  # its last line is the verdict

    async def attend() -> tuple[Ending, RunSummary, bool]:
        """Play with the doors open; under -k they stay open until somebody closes them."""
        async with open_doors(asked, claimed, doors, directory, say):
            result, target_cost = await play()
            crossings = tripwire.judge(result.totals, result.duration)
            summary = _summarise(plan, result, target_cost, crossings, configuration, log.values)
            log.finish(summary, time())
            live.end(summary.verdict)
            is_kept = asked.keep and result.ending is Ending.PLAYED
            if is_kept:
                show(summary)
                await stay_open(doors, KEPT)
            return result.ending, summary, is_kept

    try:
        ending, summary, was_kept = trio.run(attend)
    finally:
        log.close()
        if claimed is not None:
            claimed.release()
    if not was_kept:
        show(summary)
    return int(exit_status(ending, summary.verdict.status, summary.thresholds))


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


def _heading(plan: Plan, options: RunOptions, directory: Path) -> Heading:
    figures = describe_plan(plan)
    return Heading(
        name=figures.name,
        sentence=figures.sentence,
        log_directory=str(directory),
        targets=figures.targets,
        seed=options.seed,
        scheduled=plan.load.scheduled_users,
        limit=plan.load.duration,
    )


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


def _open_log(asked: Arguments, plan: Plan, directory: Path, lines: Lines | None) -> RunLog:
    statistics: Path | TextIO = Path(asked.statistics)
    if asked.statistics == "-":
        statistics = sys.stdout
    level = 7 if asked.verbose else plan.log_level
    return RunLog(
        directory,
        host=host_name(),
        statistics=statistics,
        log_level=level,
        backend=plan.backend,
        dump=plan.dump,
        lines=lines,
    )


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
            clock_uncertainty=link.clock.uncertainty,
            cost=replace(link.finished.cost, peak_rss=link.peak_rss)
            if link.finished is not None
            else Cost(peak_rss=link.peak_rss),
            cores=link.hello.cores if link.hello is not None else 0,
            python=link.hello.python if link.hello is not None else "",
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
        coverage=round(result.coverage, 6),
        amended=result.amended,
        values=values,
        agents=agents,
        target=target,
        cost=result.cost,
        thresholds=tuple(crossings),
        warnings=(*map(str, configuration.warnings), *result.warnings),
    )
