"""The operations of a compiled session; each says what a user does at its position.

`run` gives a step for the world, or None to go on with the next operation. A user
that jumps sets its own position. Must not know how sessions are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pytsung.plan import Pause, RequestStep, ThinkTime
from pytsung.schedule import think_times
from pytsung.user import substitution
from pytsung.user.player import Inspecting, Operation, Player
from pytsung.user.steps import PARK, Step, Think
from pytsung.user.substitution import functions_in
from pytsung.user.supplies import needs_of
from pytsung.user.values import number_of


class MakeRequest:
    """One exchange with the target."""

    __slots__ = ("callbacks", "ends_page", "inspection", "needs", "request", "substitute", "tag")

    def __init__(self, step: RequestStep, inspection: Inspecting | None) -> None:
        self.request = step.request
        self.substitute = step.substitute
        functions = list(_functions_in(step.request)) if step.substitute else []
        self.needs = needs_of(functions)
        self.callbacks = frozenset(functions) - frozenset(substitution.FUNCTIONS)
        self.inspection = inspection
        self.ends_page = True
        self.tag = step.tag

    def run(self, user: Player, now: float) -> Step | None:
        return user.begin_request(self, now)


def _functions_in(value: object) -> Iterator[str]:
    """The functions that the texts of a request call, wherever they stand in it."""
    if isinstance(value, str):
        yield from functions_in(value)
    elif isinstance(value, bytes):
        yield from functions_in(value.decode("latin-1"))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _functions_in(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _functions_in(getattr(value, field.name))


def think(step: ThinkTime) -> Operation:
    """The operation of a think time; a fixed one makes its step once for all users."""
    if step.pause is Pause.FIXED:
        return ThinkFixed(step.seconds)
    return ThinkFilled(step.text) if step.pause is Pause.FROM_TEXT else ThinkDrawn(step)


class ThinkFixed:
    """A pause of one length."""

    __slots__ = ("step",)

    def __init__(self, seconds: float) -> None:
        self.step = Think(seconds)

    def run(self, user: Player, now: float) -> Step | None:
        return user.think(self.step)


class ThinkDrawn:
    """A pause drawn anew each time."""

    __slots__ = ("think_time",)

    def __init__(self, think_time: ThinkTime) -> None:
        self.think_time = think_time

    def run(self, user: Player, now: float) -> Step | None:
        return user.think(Think(think_times.draw(self.think_time, user.world.random)))


class ThinkFilled:
    """A pause whose length stands in a variable; what is no number is a user's bad luck."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def run(self, user: Player, now: float) -> Step | None:
        seconds = number_of(user.fill(self.text))
        if seconds is None or seconds < 0:
            return user.fail("error_unknown", now)
        return user.think(Think(seconds))


class AwaitPush:
    """Waits until the peer has pushed a message."""

    __slots__ = ()

    def run(self, user: Player, now: float) -> Step | None:
        user.park()
        return PARK


class EndSession:
    """Stands behind the last operation."""

    __slots__ = ()

    def run(self, user: Player, now: float) -> Step | None:
        return user.end(now)


class AbortSession:
    """Ends the session, or the whole test."""

    __slots__ = ("whole_test",)

    def __init__(self, whole_test: bool) -> None:
        self.whole_test = whole_test

    def run(self, user: Player, now: float) -> Step | None:
        return user.abort_test(now) if self.whole_test else user.fail("abort_session", now)


class OpenTransaction:
    """Begins to measure `tr_NAME`."""

    __slots__ = ("sample",)

    def __init__(self, name: str) -> None:
        self.sample = f"tr_{name}"

    def run(self, user: Player, now: float) -> Step | None:
        user.open_transaction(self.sample, now)
        return None


class CloseTransaction:
    """Records `tr_NAME`."""

    __slots__ = ("sample",)

    def __init__(self, name: str) -> None:
        self.sample = f"tr_{name}"

    def run(self, user: Player, now: float) -> Step | None:
        user.close_transaction(self.sample, now)
        return None
