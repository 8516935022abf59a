"""`pytsung start`: the run with its log directory, its view and its exit status.

Puts them together, in the order of their time. Must not know what any of them does.
"""

from __future__ import annotations

import random
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from time import time
from typing import TextIO

import trio

from pytsung.cli import fleet
from pytsung.cli.arguments import Arguments
from pytsung.cli.doors import Doors, claim_id, open_doors, stay_open
from pytsung.cli.ending import exit_status, summarise
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
from pytsung.controller.shares import AgentRole, planned
from pytsung.controller.target import BundledTarget, bundled_target, target_endpoint
from pytsung.dashboard.beside import beside
from pytsung.dashboard.exposition import exposition
from pytsung.dashboard.live_run import Heading, LiveRun
from pytsung.dashboard.result import render_summary
from pytsung.dashboard.scrape import serving_metrics
from pytsung.dashboard.terminal import LiveView, make_console
from pytsung.logdir.directory import create_log_directory
from pytsung.logdir.line_protocol import Lines
from pytsung.logdir.plan_figures import describe_plan
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import RunSummary
from pytsung.plan import Endpoint, Plan
from pytsung.report.at_the_end import after_run
from pytsung.schedule.timetable import Timetable
from pytsung.stats.thresholds import Threshold
from pytsung.stats.tripwire import Tripwire

KEPT = (
    "All slaves have stopped; keep controller and web dashboard alive. \n"
    "Hit CTRL-C or click Stop on the dashboard to stop.\n"
)
"""What Tsung says under `-k`, to the letter: scripts wait for it."""


def start(asked: Arguments, configuration: Configuration) -> int:
    """Run the test; gives the exit status."""
    check_exports(asked)
    plan = send_to(configuration.plan, asked.server) if asked.server else configuration.plan
    plan = fleet.settled(asked, plan)
    roles = fleet.roles(asked, plan)
    endpoint = target_endpoint(plan) if asked.target else None
    return _AttendedRun(asked, configuration, plan).run(roles, endpoint)


class _AttendedRun:
    """One run from the first word on stdout to the last on stderr, and what it is told to.

    Made when everything that can be refused has been: it makes the log directory.
    """

    def __init__(self, asked: Arguments, configuration: Configuration, plan: Plan) -> None:
        limits = (*plan.thresholds, *asked.thresholds)
        self._tripwire = Tripwire([Threshold.parse(text) for text in limits])
        self._asked = asked
        self._configuration = configuration
        self._plan = plan
        self._options = _options(asked, configuration, plan, self._tripwire)
        self._console = make_console(color=asked.color)
        self._claimed = claim_id(asked, self._say)
        self._directory = self._open_directory()
        self._lines = open_lines(asked, self._directory.name)
        self._log = _open_log(asked, plan, self._directory, self._lines)
        self._log.save_configuration(plan.name, configuration.document)
        for warning in configuration.warnings:
            self._log.note(4, "config", str(warning))
        self._timetable = Timetable.of(plan.load)
        heading = _heading(plan, self._options, self._directory)
        self._live = LiveRun(heading, self._timetable)
        self._doors = Doors(self._live)

    def run(self, roles: list[AgentRole], endpoint: Endpoint | None) -> int:
        """Play, judge, show; gives the exit status."""
        try:
            ending, summary, was_kept = trio.run(self._attend, roles, endpoint)
        finally:
            self._log.close()
            if self._claimed is not None:
                self._claimed.release()
        if not was_kept:
            self._show(summary)
        return int(exit_status(ending, summary.verdict.status, summary.thresholds))

    # -- in order of their time -----------------------------------------------

    def _open_directory(self) -> Path:
        directory = create_log_directory(self._asked.log_root, datetime.now().astimezone())
        sys.stdout.write(f"Starting Tsung\nLog directory is: {directory}\n")
        sys.stdout.flush()
        for warning in self._configuration.warnings:
            self._console.print(f"warning: {warning}", style="yellow", soft_wrap=True)
        return directory

    async def _attend(
        self, roles: list[AgentRole], endpoint: Endpoint | None
    ) -> tuple[Ending, RunSummary, bool]:
        """Play with the doors open; under -k they stay open until somebody closes them."""
        asked, doors = self._asked, self._doors
        async with open_doors(asked, self._claimed, doors, self._directory, self._say):
            result, target_cost = await self._play(roles, endpoint)
            summary = self._judge(result, target_cost)
            is_kept = asked.keep and result.ending is Ending.PLAYED
            if is_kept:
                self._show(summary)
                await stay_open(doors, KEPT)
            return result.ending, summary, is_kept

    async def _play(
        self, roles: list[AgentRole], endpoint: Endpoint | None
    ) -> tuple[RunResult, Cost | None]:
        """The run itself, and what its bundled target cost if it has one."""
        result = target = None
        closing = trio.CancelScope()
        async with AsyncExitStack() as stack:
            stack.enter_context(closing)
            stack.enter_context(hurried_by_signals(closing))
            if endpoint is not None:
                target = await self._start_target(stack, endpoint)
            with LiveView(self._console, quiet=self._asked.quiet) as view:
                reporter = Reporter(self._live, self._log, view, self._tripwire)
                await stack.enter_async_context(beside(view.tick))
                await self._begin_exports(stack, reporter)
                run = reporter.run = Run(self._plan, self._options, reporter, self._timetable)
                self._doors.command = run.command
                monitors = self._plan.monitors
                ways = await stack.enter_async_context(
                    fleet.open_ways(self._asked, roles, monitors)
                )
                monitoring = ways.monitoring(monitors, roles, self._options.run_id)
                result = await run.play(roles, ways.launchers(roles), monitoring)
        if result is None:  # a signal came before the first user did
            raise KeyboardInterrupt
        return result, target.cost if target is not None else None

    async def _start_target(self, stack: AsyncExitStack, endpoint: Endpoint) -> BundledTarget:
        users, options = planned(self._plan), self._asked.target_options
        run_id = self._options.run_id
        target = await stack.enter_async_context(
            bundled_target(endpoint, options, users=users, run_id=run_id)
        )
        self._log.note(5, "controller", target.address)
        return target

    async def _begin_exports(self, stack: AsyncExitStack, reporter: Reporter) -> None:
        await begin_exports(
            stack,
            self._asked,
            self._lines,
            self._directory.name,
            lambda: reporter.totals,
            lambda text: reporter.note(4, "export", text),
        )
        if self._asked.prometheus is not None:
            await stack.enter_async_context(
                serving_metrics(
                    self._asked.prometheus,
                    lambda: exposition(self._live.totals, self._live.hosts),
                )
            )

    def _judge(self, result: RunResult, target_cost: Cost | None) -> RunSummary:
        """The summary, written down and on the page."""
        crossings = self._tripwire.judge(result.totals, result.duration)
        summary = summarise(
            self._plan, result, target_cost, crossings, self._configuration, self._log.values
        )
        self._log.finish(summary, time())
        self._live.end(summary.verdict)
        return summary

    # -- what is said ---------------------------------------------------------

    def _say(self, text: str, style: str = "dim") -> None:
        if not self._asked.quiet or style != "dim":
            self._console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)

    def _show(self, summary: RunSummary) -> None:
        asked = self._asked
        after_run(self._directory, summary, self._say, with_report=asked.report, junit=asked.junit)
        # Its last line is the verdict.
        render_summary(summary, self._console, quiet=asked.quiet)


def _heading(plan: Plan, options: RunOptions, directory: Path) -> Heading:
    figures = describe_plan(plan)
    return Heading(
        name=figures.name,
        sentence=figures.sentence,
        log_directory=str(directory),
        targets=figures.targets,
        seed=options.seed,
        limit=plan.load.duration,
    )


def _options(
    asked: Arguments, configuration: Configuration, plan: Plan, tripwire: Tripwire
) -> RunOptions:
    seed = plan.seed if plan.seed is not None else random.SystemRandom().getrandbits(32)
    return RunOptions(
        seed=seed,
        warm_up=asked.warm_up,
        grace=asked.grace,
        agent_timeout=asked.agent_timeout,
        on_agent_loss=OnAgentLoss(asked.on_agent_loss),
        tripwire=tripwire,
        cargo=configuration.cargo,
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
