"""What is written down of single users: matches, traffic, exchanges.

Part of what workers tell the controller; rare, or asked for. VERSION of `messages`
changes with any of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatchEvent:
    """A match that is written down: what Tsung's `match.log` says of it.

    `session` and `slot` count from 1; `at` is on the sender's own clock until its worker
    makes it seconds since the test's start. `answer` is there when it is to be dumped.
    """

    at: float
    user: int
    session: int
    slot: int
    event: str
    transaction: str
    name: str
    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """Matches of about a second."""

    events: tuple[MatchEvent, ...]


class TrafficKind(enum.Enum):
    """What a `TrafficEvent` tells of."""

    STARTED = "started"
    ENDED = "ended"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class TrafficEvent:
    """What a user did, for `dumptraffic`: `at` in seconds since the test's start.

    `session` counts from 1. `data` has a character for each byte (Latin-1), which costs
    JSON less than any encoding of bytes.
    """

    at: float
    kind: TrafficKind
    user: int
    session: int = 0
    data: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What users of one worker did, in order; at most some hundred events."""

    events: tuple[TrafficEvent, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, for `dumptraffic="protocol"`.

    `at` is when the answer was complete, in seconds since the test's start; `duration`
    is seconds, `size` bytes received. What is not known, or was not asked for, is empty.
    """

    at: float
    user: int
    method: str
    host: str
    url: str
    status: str
    size: int
    duration: float
    transaction: str
    match: str
    error: str
    tag: str


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Exchanges of one worker, in order; at most some hundred."""

    exchanges: tuple[Exchange, ...]
