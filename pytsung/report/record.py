"""Everything a report is made from, in one shape, whoever wrote the log directory.

Must not know how anything is shown, nor how a directory is read: `sources` does that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pytsung.logdir.blocks import Blocks
from pytsung.logdir.journal import Event
from pytsung.logdir.summary import RunSummary
from pytsung.report.windows import Window
from pytsung.stats import SampleSummary
from pytsung.stats.totals import RunTotals

INCOMPLETE = "incomplete"
"""In place of a verdict: the run was cut off, so nobody judged it."""

UNJUDGED = "not judged"
"""In place of a verdict: Tsung does not look at itself."""


@dataclass(frozen=True, slots=True)
class Health:
    """How an agent was doing in one window: the 99th percentiles of its delays (s),
    and its busiest worker's part of a core (0 to 1).
    """

    at: float
    lateness: float
    loop_lag: float
    worker_cpu: float


@dataclass(slots=True)
class AgentRecord:
    """One agent host over the run."""

    host: str
    totals: RunTotals = field(default_factory=lambda: RunTotals(counts_only=True))
    health: list[Health] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HostReading:
    """What a host reported of one metric: seconds since the start, and the value."""

    host: str
    metric: str
    times: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as its log directory tells it.

    `is_ours` is false for what Tsung wrote: then there are no percentiles, no
    agents and no verdict. `faults` are sums that do not add up, and disagreements
    between the files of one run. `samples` are those of the whole run, with their
    histograms; empty for Tsung's.
    """

    directory: Path
    name: str
    is_ours: bool
    is_complete: bool
    started_at: datetime
    summary: RunSummary
    windows: Sequence[Window]
    blocks: Blocks
    hosts: Sequence[HostReading] = ()
    agents: Sequence[AgentRecord] = ()
    events: Sequence[Event] = ()
    samples: Mapping[str, SampleSummary] = field(default_factory=dict)
    totals: RunTotals = field(default_factory=RunTotals)
    faults: Sequence[str] = ()
    configuration: str = ""

    @property
    def status(self) -> str:
        """The verdict in a word."""
        return "invalid" if self.faults else self.summary.verdict.status

    @property
    def reasons(self) -> Sequence[str]:
        """Why the verdict is what it is, the gravest first."""
        return (*self.faults, *self.summary.verdict.reasons)

    @property
    def duration(self) -> float:
        """Seconds from the test's start to its end."""
        return self.summary.duration


USERS_WAY = ("connect", "request", "page", "session")


def ordered(names: Mapping[str, object]) -> list[str]:
    """Names of samples in the order of a user's way, then by name."""
    first = [name for name in USERS_WAY if name in names]
    return first + sorted(name for name in names if name not in USERS_WAY)
