"""How a run is to be made, why it ended, and what came out.

Must not know how any of it comes about.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass, field

from pytsung.control.messages import Cost
from pytsung.controller.aftermath import OnAgentLoss
from pytsung.controller.agent_link import AgentLink
from pytsung.plan import Cargo
from pytsung.stats.totals import RunTotals
from pytsung.stats.tripwire import Tripwire
from pytsung.stats.verdict import Verdict


class Ending(enum.Enum):
    """Why a run ended."""

    PLAYED = "played"  # every user has ended
    DURATION = "duration"  # the load's own limit
    ABORTED = "aborted"  # a session asked for it
    INTERRUPTED = "interrupted"  # SIGINT
    TERMINATED = "terminated"  # SIGTERM
    THRESHOLD = "threshold"  # one that ends the run was crossed
    STOPPED = "stopped"  # an operator asked for it
    FAULT = "fault"  # every agent was lost, or one whose loss ends the run
    UNWRITABLE = "unwritable"  # the log directory could not be written any more


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: seconds throughout. `warm_up` is the time before the first phase.

    `cargo` are the files that go with the plan. `tripwire` may end the run.
    `run_id` stands as PYTSUNG_RUN_ID in the environment of every process of the run.
    """

    seed: int
    warm_up: float = 1.0
    grace: float = 2.0
    agent_timeout: float = 30.0
    on_agent_loss: OnAgentLoss = OnAgentLoss.CONTINUE
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    cargo: Cargo = field(default_factory=dict)
    tripwire: Tripwire = field(default_factory=Tripwire)


@dataclass(slots=True)
class RunResult:
    """What came out, for the summary. `coverage` is the part of the agents' seconds in it.

    `warnings` say where hosts were expected not to hold the plan.
    """

    ending: Ending
    verdict: Verdict
    totals: RunTotals
    started_at: float
    duration: float
    not_started: int
    amended: bool
    coverage: float
    warnings: tuple[str, ...]
    agents: list[AgentLink]
    agent_totals: dict[str, RunTotals]
    cost: Cost
