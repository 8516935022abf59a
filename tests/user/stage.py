"""A stage for one virtual user: facts go in at given times, steps come out.

A scene is a table: when, which fact, and the step that must be the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pytsung.plan import ConnectionOptions, Endpoint, RequestStep, Session, SessionStep
from pytsung.protocols.room import Ack, Room
from pytsung.stats import Recorder
from pytsung.user.program import Program
from pytsung.user.steps import Await, Connect, Reply, Send, Step
from pytsung.user.values import Value
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World
from tests.user.lines import Line, LineRoom

TARGET = Endpoint("target", 7)
AWAIT = Await(600.0)
"""Tsung's default idle_timeout."""


def ask(text: str = "a", ack: Ack = Ack.ANSWER, *, substitute: bool = False) -> RequestStep:
    return RequestStep(Line(text, ack), substitute)


def tell(text: str = "a") -> RequestStep:
    """A request that waits for no answer."""
    return ask(text, Ack.NONE)


def connect(text: str = "a") -> Connect:
    return Connect(TARGET, text.encode() + b"\n")


def send(text: str) -> Send:
    return Send(text.encode() + b"\n")


class OpenRecorder(Recorder):
    """A recorder whose samples can be read one by one, until an interval is taken."""

    @property
    def seen(self) -> dict[str, list[float]]:
        return {name: values for name, values in self.batches.items() if values}


@dataclass
class Stage:
    """One user who plays `steps`; `fields` are the session's, `options` its connections'."""

    steps: tuple[SessionStep, ...]
    options: ConnectionOptions = field(default_factory=ConnectionOptions)
    fields: dict[str, Any] = field(default_factory=dict)
    room: Room = field(default_factory=LineRoom)
    quirks: bool = False
    number: int = 7

    def __post_init__(self) -> None:
        session = Session("s", "ts_line", self.steps, options=self.options, **self.fields)
        self.recorder = OpenRecorder()
        world = World(self.recorder, Random(1), self.quirks, unix_time=1_700_000_000)
        self.user = VirtualUser(self.number, Program(session, self.room), TARGET, world)
        self.step: Step | None = None
        """The user's last step that was more than a reply."""

    def play(self, *scene: tuple[float, Fact, Step | None]) -> Stage:
        """Tell the user each fact at its time, and hold its answer against the table."""
        for now, fact, expected in scene:
            step = fact(self, now)
            assert step == expected, f"at {now}: {step}, not {expected}"
            self.step = step.then if isinstance(step, Reply) else step
        return self

    def run(self, limit: int = 200) -> list[str]:
        """Play to the end against a peer that answers at once; gives the lines it was sent."""
        lines = []
        step = self.user.start(0.0)
        while isinstance(step, Connect | Send):
            lines.append(step.data.decode().removesuffix("\n"))
            assert len(lines) < limit, "the session does not end"
            if isinstance(step, Connect):
                self.user.connected(0.0)
            step = self.user.sent(len(step.data), 0.0)
            if isinstance(step, Await):
                step = self.user.received(b"ok\n", 0.0)
        self.step = step
        return lines

    def set(self, name: str, value: Value) -> Stage:
        """Give the user a variable, as an answer of the target would."""
        slot = self.user.program.variables.slot(name)
        if self.user.variables is not None:  # the session itself may not know the name
            missing = slot + 1 - len(self.user.variables)
            self.user.variables.extend([None] * missing)
        self.user.set(slot, value)
        return self

    @property
    def counters(self) -> dict[str, int]:
        """Everything counted, but for bytes."""
        counted = self.recorder.counters.items()
        return {name: count for name, count in counted if not name.startswith("size_")}

    @property
    def samples(self) -> dict[str, list[float]]:
        return self.recorder.seen


Fact = Callable[[Stage, float], Step | None]


def start(stage: Stage, now: float) -> Step:
    """The user arrives."""
    return stage.user.start(now)


def woke(stage: Stage, now: float) -> Step:
    """The time it asked for has passed."""
    return stage.user.woke(now)


def opened(stage: Stage, now: float) -> Step:
    """The connection is there, and the request written."""
    stage.user.connected(now)
    return written(stage, now)


def connected(stage: Stage, now: float) -> None:
    """The connection is there, the request not yet written."""
    stage.user.connected(now)


def written(stage: Stage, now: float) -> Step:
    """All of the last request is written."""
    assert isinstance(stage.step, Connect | Send) or stage.step is None
    size = len(stage.step.data) if stage.step is not None else 0
    return stage.user.sent(size, now)


def refused(reason: str) -> Fact:
    """No connection."""
    return lambda stage, now: stage.user.connect_failed(reason, now)


def unsent(reason: str) -> Fact:
    """The request could not be written."""
    return lambda stage, now: stage.user.send_failed(reason, now)


def said(data: bytes) -> Fact:
    """The peer has sent something."""
    return lambda stage, now: stage.user.received(data, now)


def hung_up(stage: Stage, now: float) -> Step:
    """The peer has closed the connection."""
    return stage.user.peer_closed(now)


def broke(reason: str) -> Fact:
    """The connection failed in mid-air."""
    return lambda stage, now: stage.user.broken(reason, now)
