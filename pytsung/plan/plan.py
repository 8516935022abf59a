"""The whole of a test, after its configuration was read."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from pytsung.plan.files import CarriedFile
from pytsung.plan.hosts import AgentHost, Monitor, Target
from pytsung.plan.load import Load
from pytsung.plan.sessions import Session
from pytsung.plan.sources import RowFile


@dataclass(frozen=True, slots=True)
class Barrier:
    """How many users wait for each other, and how long after the last came, in seconds.

    Tsung's options `global_number` and `global_ack_timeout`, and its defaults.
    """

    size: int = 100
    timeout: float = 3600.0


class Dump(enum.Enum):
    """What is written down of each single exchange, in Tsung's words (`dumptraffic`)."""

    NOTHING = "false"
    TRAFFIC = "true"  # every byte
    LIGHT = "light"  # the first 44 bytes of each
    PROTOCOL = "protocol"  # a line for each exchange, of protocols that have such a line
    PROTOCOL_LOCAL = "protocol_local"  # the same, a file for each agent


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a test asks for; frozen, and the same on every host.

    `seed` makes the random choices of a run repeatable; None draws a new one.
    `quirks` restores the listed defects of Tsung (`--tsung-quirks`). `log_level`
    is 0 (emergency) to 7 (debug), `backend` the form of `tsung.log`, `dump` what goes
    into `tsung.dump`. `row_files` are what sessions take lines from; `python_modules`
    hold the functions that they call, `certificates` what they show.
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
    backend: str = "text"
    dump: Dump = Dump.NOTHING
    row_files: tuple[RowFile, ...] = ()
    python_modules: tuple[CarriedFile, ...] = ()
    certificates: tuple[CarriedFile, ...] = ()
    barrier: Barrier = field(default_factory=Barrier)
    thresholds: tuple[str, ...] = ()
