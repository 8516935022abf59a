"""The whole of a test, after its configuration was read."""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan.hosts import AgentHost, Monitor, Target
from pytsung.plan.load import Load
from pytsung.plan.sessions import Session


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a test asks for; frozen, and the same on every host.

    `seed` makes the random choices of a run repeatable; None draws a new one.
    `quirks` restores the listed defects of Tsung (`--tsung-quirks`). `log_level`
    is 0 (emergency) to 7 (debug).
    """

    name: str
    agent_hosts: tuple[AgentHost, ...]
    targets: tuple[Target, ...]
    load: Load
    sessions: tuple[Session, ...]
    monitors: tuple[Monitor, ...] = ()
    seed: int | None = None
    quirks: bool = False
    log_level: int = 5
