"""The key figures of a plan, for the head of a summary.

Must not know how the plan was played.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Plan
from pytsung.plan.words import sentence


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
    """The figures of a plan, and what they come to in one sentence."""
    phases = plan.load.all_phases()
    return PlanFigures(
        sentence=sentence(plan),
        name=plan.name,
        users=sum(phase.users for phase in phases) + len(plan.load.scheduled_users),
        phases=len(phases),
        duration=float(sum(phase.duration for phase in phases)),
        sessions=len(plan.sessions),
        agent_hosts=len(plan.agent_hosts),
        targets=tuple(str(target.endpoint) for target in plan.targets),
    )
