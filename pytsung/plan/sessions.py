"""What a user does: sessions as trees of steps; times in seconds.

Must not know any protocol (a request is whatever a protocol's room says it is),
nor how a session is played.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Union

from pytsung.plan.answers import Extraction, Match
from pytsung.plan.changes import (
    ChangeType,
    Interaction,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    WaitForAll,
)
from pytsung.plan.options import ConnectionOptions
from pytsung.plan.sources import SetVariables


class Request:
    """Base of every protocol's request dataclasses; the rooms in `protocols` define them."""

    __slots__ = ()


class ProtocolOptions:
    """Base of what a protocol's `<option type="ts_…">`s set; the rooms define theirs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One exchange with the target. `substitute` fills `%%_variable%%` in its text first.

    When the answer is complete, first the extractions look at it, then the matches.
    """

    request: Request
    substitute: bool = False
    tag: str = ""
    extractions: tuple[Extraction, ...] = ()
    matches: tuple[Match, ...] = ()


class Pause(enum.Enum):
    """How a think time is drawn."""

    FIXED = "fixed"  # `seconds`
    EXPONENTIAL = "exponential"  # mean `seconds`
    UNIFORM = "uniform"  # between `seconds` and `maximum`, whole milliseconds
    FROM_TEXT = "text"  # `text`, filled with the user's variables, read as seconds


@dataclass(frozen=True, slots=True)
class ThinkTime:
    """A pause between requests (Tsung manual, "Thinktimes")."""

    seconds: float = 0.0
    pause: Pause = Pause.FIXED
    maximum: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class WaitForPush:
    """Tsung's `<thinktime value="wait_bidi"/>`: go on when the peer has pushed a message."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A named group of steps, measured as the sample `tr_NAME`, think times included."""

    name: str
    steps: tuple[SessionStep, ...]


@dataclass(frozen=True, slots=True)
class For:
    """Counts `variable` from `start` to `stop`; the body runs at least once.

    Bounds are numbers, or text such as `%%_n%%` filled when the loop is entered.
    """

    variable: str
    start: int | str
    stop: int | str
    increment: int
    steps: tuple[SessionStep, ...]


class Comparison(enum.Enum):
    """The comparisons of `if`, `while` and `until`."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    LT = "lt"
    GTE = "gte"
    LTE = "lte"


@dataclass(frozen=True, slots=True)
class Condition:
    """`variable` compared with `value`; text compares for equality, numbers for order."""

    variable: str
    comparison: Comparison
    value: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Plays its steps, then again while (or until) the condition holds, `max_repeat` times more."""

    name: str
    steps: tuple[SessionStep, ...]
    condition: Condition
    until: bool = False
    max_repeat: int = 20


@dataclass(frozen=True, slots=True)
class If:
    """Plays its steps when the condition holds."""

    condition: Condition
    steps: tuple[SessionStep, ...]


@dataclass(frozen=True, slots=True)
class Foreach:
    """Plays its steps once for each element of the list in variable `source`.

    `include` and `exclude` are regular expressions that filter the elements.
    """

    name: str
    source: str
    steps: tuple[SessionStep, ...]
    include: str = ""
    exclude: str = ""


@dataclass(frozen=True, slots=True)
class Abort:
    """Ends the session, or the whole test when `whole_test`."""

    whole_test: bool = False


SessionStep = Union[  # noqa: UP007 - a forward reference to itself needs the old spelling
    RequestStep,
    ThinkTime,
    WaitForPush,
    WaitForAll,
    Transaction,
    For,
    Repeat,
    If,
    Foreach,
    Abort,
    SetVariables,
    ChangeType,
    SetRateLimit,
    SetConnectTimeout,
    SetCertificate,
    Interaction,
]


@dataclass(frozen=True, slots=True)
class Session:
    """A script that users play. `kind` names the protocol's room (`ts_websocket`).

    `persistent` sessions survive a connection that the peer closes;
    `bidirectional` ones accept data while nothing was asked. `protocol_options` are
    those in force, of every protocol that has any set.
    """

    name: str
    kind: str
    steps: tuple[SessionStep, ...]
    persistent: bool = True
    bidirectional: bool = False
    options: ConnectionOptions = field(default_factory=ConnectionOptions)
    protocol_options: tuple[ProtocolOptions, ...] = ()
