"""The messages themselves, one dataclass each; VERSION changes with any of them.

    controller → agent    Hello Assign Start Stop Amend Beat
                          Adopt AskClock
    agent → controller    Hello Ready Report Health WorkerLost PhaseStarted Note Finished Failed
                          ClockReading
    agent → worker        Work Start Stop Amend TakeOver
    worker → agent        Ready Report PhaseStarted Full Note Finished Failed

What users share is asked for by workers and granted by the controller; the agent
relays it, and says of which worker, or to which worker, it is:

    worker → controller   LeaseRequest Returned Gathered Sends Matches Traffic Exchanges
    controller → worker   Lease LeaseRecall Release Sends

Clocks: `Start.origin` is a reading of the *receiver's* monotonic clock; whoever
sends it knows the difference. All other times are seconds since that origin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytsung.control.facts import HostFacts
from pytsung.control.leases import Row, Supply
from pytsung.control.records import Exchanges, Matches, Traffic
from pytsung.control.share import AgentShare, Amendment, Resume, WorkerShare
from pytsung.plan import Endpoint
from pytsung.stats.interval import Interval

VERSION = 6


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of either side. `clock` is the sender's monotonic clock."""

    version: int
    host: str = ""
    pid: int = 0
    clock: float = 0.0
    cores: int = 0
    python: str = ""


@dataclass(frozen=True, slots=True)
class AskClock:
    """Answer at once with a ClockReading of this number, to compare clocks."""

    number: int


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The sender's monotonic clock, and its time of day in seconds since 1970."""

    number: int
    clock: float
    unix: float


@dataclass(frozen=True, slots=True)
class Survey:
    """Look at your host, at source addresses, and whether endpoints can be reached.

    Answered by Surveyed; an agent that is surveyed stands by only after that.
    """

    endpoints: tuple[Endpoint, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What there is to know of the agent's host."""

    facts: HostFacts


@dataclass(frozen=True, slots=True)
class Tune:
    """Run this shell script as root, or by sudo without a password; answered by Tuned."""

    script: str


@dataclass(frozen=True, slots=True)
class Tuned:
    """The script has ended: its exit status, and the end of what it printed."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Assign:
    """The agent's share of the test; it answers Ready when its workers stand by."""

    share: AgentShare


@dataclass(frozen=True, slots=True)
class FilePart:
    """`data` of a file that goes with the plan, from `offset` on; it has `size` bytes in all.

    Parts of a file come in order, one file after the other, and before Assign.
    """

    digest: str
    offset: int
    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything is loaded; waiting for Start."""

    workers: int = 1


@dataclass(frozen=True, slots=True)
class Start:
    """Begin at `origin`, on the receiver's monotonic clock."""

    origin: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop gracefully: no new users, `grace` seconds for requests in flight, then close."""

    grace: float


@dataclass(frozen=True, slots=True)
class Amend:
    """Play other phases from now on; the share changes as the amendment says."""

    amendment: Amendment


@dataclass(frozen=True, slots=True)
class Adopt:
    """Play this share, too, from `resume` on: the agent that had it is lost."""

    share: WorkerShare
    resume: Resume


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing to say, but alive."""


@dataclass(frozen=True, slots=True)
class Report:
    """One interval. `missing` names the workers whose part is not in it."""

    interval: Interval
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """How the agent's host is doing.

    `cpu` in percent of the whole machine, `free_memory` in megabytes, `load` the
    1-minute average, read anew every ten seconds; `rss` bytes of the agent and its
    workers together. `descriptors` are those that its fullest worker has open, of
    `descriptor_limit`; 0 where the kernel does not count them.
    """

    at: float
    cpu: float
    free_memory: float
    load: float
    rss: int = 0
    workers: int = 0
    is_new_reading: bool = False
    descriptors: int = 0
    descriptor_limit: int = 0


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker died; its users went with it. `reason` says of what, in words.

    `share` is the entry of the agent's shares that it was playing, None when another
    worker had taken over from it. `others` are there still, on its host, to play more.
    """

    worker: int
    at: float
    users: int
    reason: str
    share: int | None = None
    others: bool = False


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A worker has entered arrival phase `phase` (counted from 1, in playing order)."""

    worker: int
    phase: int
    at: float


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log. `level` as in syslog: 3 error, 4 warning, 5 notice, 6 info."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What something used: CPU seconds (user + system) and the highest memory, in bytes."""

    cpu_seconds: float = 0.0
    peak_rss: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The sender has nothing left to do; every interval was reported before.

    `at` is when its last user ended. `users_open` are those that were still in
    their session; `not_started` are arrivals that were due but never started.
    `aborted`: a session asked to abort the whole test.
    """

    at: float
    cost: Cost = field(default_factory=Cost)
    users_open: int = 0
    not_started: int = 0
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The sender cannot go on; `reason` with its cure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Where the files that came with a plan are on this host.

    Each is by its digest in the file at `path`: from which byte on, and how many.
    """

    path: str = ""
    places: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """One worker's part: entry `worker` of the agent's shares.

    With `standby` it waits to take over from a predecessor: the place to go on from
    comes later, in TakeOver, but is behind `foreseen`, where that is known. `number`
    tells this process from its predecessors and successors.
    """

    share: AgentShare
    worker: int
    number: int
    standby: bool = False
    hold: Hold = field(default_factory=Hold)
    foreseen: Resume | None = None


@dataclass(frozen=True, slots=True)
class Full:
    """The worker holds as many users as it may and has more to start, from `resume` on.

    `soon` announces it: a successor should be made ready, nothing is handed over yet.
    """

    resume: Resume
    soon: bool = False


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Go on with a share at the place where its last worker was full."""

    origin: float
    resume: Resume


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A worker orders `count` of a supply; urgent is what a user waits for."""

    supply: Supply
    count: int
    is_urgent: bool = False
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Rows for a worker, nobody else's; none at all when there never will be any."""

    supply: Supply
    rows: tuple[Row, ...]
    worker: int = 0


@dataclass(frozen=True, slots=True)
class LeaseRecall:
    """A worker is to give back what it has left of a supply, with Returned."""

    supply: Supply
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """Numbers of the rows that nobody has used."""

    supply: Supply
    numbers: tuple[int, ...]
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Gathered:
    """So many more users of a worker wait for all the others."""

    count: int
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """So many users of a worker, those who came first, may go on."""

    count: int
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Sends:
    """When users last sent something to others (`<interaction>`), by its name."""

    times: dict[str, float]
    worker: int = 0


Message = (
    Hello
    | AskClock
    | ClockReading
    | FilePart
    | Survey
    | Surveyed
    | Tune
    | Tuned
    | Assign
    | Ready
    | Start
    | Stop
    | Amend
    | Adopt
    | Beat
    | Report
    | Health
    | WorkerLost
    | PhaseStarted
    | Note
    | Finished
    | Failed
    | Work
    | Full
    | TakeOver
    | LeaseRequest
    | Lease
    | LeaseRecall
    | Returned
    | Gathered
    | Release
    | Sends
    | Matches
    | Traffic
    | Exchanges
)
