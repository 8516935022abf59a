"""A plan in one sentence and a few figures, for the head of a summary.

Must not know how the plan was played.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Load, Plan
from pytsung.schedule.arrivals import planned_users


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What was asked for. `duration` is that of all arrival phases, in seconds."""

    sentence: str
    name: str
    users: int
    phases: int
    duration: float
    sessions: int
    agent_hosts: int
    targets: tuple[str, ...]


def describe_plan(plan: Plan) -> PlanFigures:
    """The figures of a plan, and what they come to in words."""
    phases = plan.load.all_phases()
    users = sum(map(planned_users, phases)) + len(plan.load.scheduled_users)
    targets = tuple(str(target.endpoint) for target in plan.targets)
    hosts = len(plan.agent_hosts)
    sentence = (
        f"{_count(users, 'user')} {_arrivals(plan.load)}"
        f" from {_count(hosts, 'host')} to {_places(targets)}"
    )
    return PlanFigures(
        sentence=sentence,
        name=plan.name,
        users=users,
        phases=len(phases),
        duration=float(sum(phase.duration for phase in phases)),
        sessions=len(plan.sessions),
        agent_hosts=hosts,
        targets=targets,
    )


def _arrivals(load: Load) -> str:
    phases = load.all_phases()
    if not phases:
        return "started one by one"
    seconds = f"{_number(sum(phase.duration for phase in phases))} s"
    rates = sorted({phase.rate for phase in phases})
    if len(rates) == 1:
        return f"at {_number(rates[0])}/s over {seconds}"
    between = f"{_number(rates[0])} to {_number(rates[-1])}/s"
    return f"at {between} over {seconds} in {len(phases)} phases"


def _places(targets: tuple[str, ...]) -> str:
    return targets[0] if len(targets) == 1 else _count(len(targets), "target")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _number(value: float) -> str:
    return f"{value:,.10g}"
