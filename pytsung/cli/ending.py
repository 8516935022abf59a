"""What a run comes to: its summary, and the exit status of the command.

Must not know how it was played or shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pytsung.config import Configuration
from pytsung.control.messages import Cost
from pytsung.controller.outcome import Ending, RunResult
from pytsung.errors import ExitStatus
from pytsung.logdir.plan_figures import describe_plan
from pytsung.logdir.summary import AgentFigures, RunSummary
from pytsung.plan import Plan
from pytsung.stats import SampleSummary
from pytsung.stats.thresholds import Crossing


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


def summarise(
    plan: Plan,
    result: RunResult,
    target: Cost | None,
    crossings: Sequence[Crossing],
    configuration: Configuration,
    values: Mapping[str, SampleSummary],
) -> RunSummary:
    """All figures of a run that is over; `target` is what the bundled server cost."""
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
