"""The operation that gives variables values from a source (Tsung's `<setdynvars>`).

Must not know how a session is written, nor what the values are for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from pytsung.control.leases import Supply, next_row_of, random_row_of
from pytsung.plan import (
    BuiltIn,
    Constant,
    ErlangCode,
    FileLine,
    JsonPart,
    PythonCall,
    RandomNumber,
    RandomText,
    ServerAddress,
    SetVariables,
    VariableSource,
)
from pytsung.user.callbacks import CALLBACK_FAILED, CallbackError, call_python
from pytsung.user.erlang.code import compile_code
from pytsung.user.erlang.terms import FALSE, OK, ErlangError, Term, from_value, to_value
from pytsung.user.jsonpath import compile_path
from pytsung.user.player import Player
from pytsung.user.steps import Step
from pytsung.user.supplies import Needs, needs_of
from pytsung.user.values import Value, text_of
from pytsung.user.variables import Variables

LETTERS = "bcdefghijklmnopqrstuvwxyz"
"""What random text is drawn from: Tsung never draws an a."""


class SourceError(Exception):
    """There is no value, and the user ends: Tsung's crashes there."""

    def __init__(self, counter: str = "error_unknown") -> None:
        super().__init__(counter)
        self.counter = counter


Produce = Callable[[Player, float], Value]


class SetValues:
    """Takes as many values from a source as there are variables, and sets them."""

    __slots__ = ("_each", "_needs", "_produce", "_slots")

    def __init__(self, step: SetVariables, variables: Variables) -> None:
        self._slots: Sequence[int] = [variables.slot(name) for name in step.names]
        self._produce = _produce(step.source, variables)
        self._each = isinstance(step.source, RandomNumber | RandomText) or (
            isinstance(step.source, Constant) and step.source.for_all
        )
        self._needs = needs_of_source(step.source)

    def run(self, user: Player, now: float) -> Step | None:
        if self._needs is not None:
            step = user.await_supplies(self._needs, now)
            if step is not None:
                return step
        try:
            if self._each:
                for slot in self._slots:
                    user.set(slot, self._produce(user, now))
            else:
                self._spread(user, self._produce(user, now))
        except SourceError as error:
            return user.fail(error.counter, now)
        return None

    def _spread(self, user: Player, value: Value) -> None:
        """One variable takes a whole list, but the only element of a short one.

        Several take an element each; missing ones are empty. A text is one value
        (Tsung takes it for a list of characters).
        """
        values = value if isinstance(value, list) else [value]
        if len(self._slots) == 1:
            user.set(self._slots[0], values[0] if len(values) == 1 else value)
            return
        for place, slot in enumerate(self._slots):
            user.set(slot, values[place] if place < len(values) else "")


def needs_of_source(source: VariableSource) -> Needs | None:
    """What a source takes from supplies that the whole test shares."""
    if isinstance(source, FileLine):
        return {_supply(source): 1}
    if isinstance(source, BuiltIn):
        return needs_of([source.function])
    return None


def _supply(source: FileLine) -> Supply:
    return next_row_of(source.file) if source.in_order else random_row_of(source.file)


def _produce(source: VariableSource, variables: Variables) -> Produce:
    if isinstance(source, RandomNumber):
        first, last = source.first, source.last
        return lambda user, _: user.world.random.randint(first, last)
    if isinstance(source, RandomText):
        length = source.length
        return lambda user, _: "".join(user.world.random.choices(LETTERS, k=length))
    if isinstance(source, Constant):
        return lambda _, __: source.value
    if isinstance(source, FileLine):
        supply, delimiter = _supply(source), source.delimiter
        return lambda user, _: list(user.world.supplies.take(supply).split(delimiter))
    if isinstance(source, ServerAddress):
        return lambda user, _: [user.endpoint.host, user.endpoint.port]
    if isinstance(source, JsonPart):
        return _json_part(source, variables)
    if isinstance(source, BuiltIn):
        return lambda user, _: user.call(source.function)
    if isinstance(source, ErlangCode):
        return _erlang(source)
    return _python(source)


def _json_part(source: JsonPart, variables: Variables) -> Produce:
    reference = variables.reference(source.source)
    find = compile_path(source.path)

    def produce(user: Player, _: float) -> Value:
        value = reference.read(user.variables)
        if value is None:
            raise SourceError
        try:
            return find(json.loads(text_of(value)))
        except (ValueError, RecursionError) as error:
            raise SourceError from error

    return produce


class _Here:
    """What stands around Erlang code that runs for a user."""

    __slots__ = ("_user", "random", "unix_time")

    def __init__(self, user: Player, now: float) -> None:
        self._user = user
        self.random = user.world.random
        self.unix_time = now + user.world.unix_offset

    def lookup(self, name: str) -> Term:
        value = self._user.read(name)
        return FALSE if value is None else (OK, from_value(value))


def _erlang(source: ErlangCode) -> Produce:
    function = compile_code(source.code)

    def produce(user: Player, now: float) -> Value:
        try:
            return to_value(function(_Here(user, now)))
        except (ErlangError, ArithmeticError) as error:
            raise SourceError from error

    return produce


def _python(source: PythonCall) -> Produce:
    def produce(user: Player, _: float) -> Value:
        try:
            return call_python(source.callback, user)
        except CallbackError as error:
            user.world.recorder.count(CALLBACK_FAILED)
            raise SourceError from error

    return produce
