"""The operations that branch and repeat: `for`, `if`, `repeat`, `foreach`.

A user that jumps sets its own position. Must not know how sessions are written.
"""

from __future__ import annotations

from collections.abc import Callable

from pytsung.plan import If, Repeat
from pytsung.user.player import Player
from pytsung.user.steps import Step
from pytsung.user.values import Value, compare, number_of, text_of
from pytsung.user.variables import Reference

ElementFilter = Callable[[str], bool] | None

ERROR_NOT_NUMERIC = "error_compare_not_numeric"
"""Counted where an order is asked of what is not a number; the comparison fails.
Tsung's user crashes there."""


def _bound(user: Player, bound: int | str) -> int | None:
    """A bound of `for`: a number, or a text with a number in it after filling."""
    if isinstance(bound, int):
        return bound
    number = number_of(user.fill(bound))
    return None if number is None else int(number)


class ForStart:
    """Sets the counter. The body follows, and is always played once."""

    __slots__ = ("slot", "start")

    def __init__(self, slot: int, start: int | str) -> None:
        self.slot = slot
        self.start = start

    def run(self, user: Player, now: float) -> Step | None:
        start = self.start if type(self.start) is int else _bound(user, self.start)
        if start is None:
            return user.fail("error_unknown", now)
        user.set(self.slot, start)
        return None


class ForEnd:
    """Counts on and goes back to the body, or leaves when `stop` is reached or passed."""

    __slots__ = ("body", "increment", "slot", "stop")

    def __init__(self, slot: int, stop: int | str, increment: int, body: int) -> None:
        self.slot = slot
        self.stop = stop
        self.increment = increment
        self.body = body

    def run(self, user: Player, now: float) -> Step | None:
        variables = user.variables
        assert variables is not None  # the loop's start has set one
        value, stop = variables[self.slot], self.stop
        if type(stop) is int and type(value) is int:  # there is nothing to read
            is_over = value >= stop
        else:
            bound, number = _bound(user, stop), number_of(value)
            if bound is None or number is None:
                return user.fail("error_unknown", now)
            is_over, value = number >= bound, int(number)
        if not is_over:
            variables[self.slot] = value + self.increment
            user.position = self.body
        return None


class Branch:
    """An `if`: goes on into the body, or jumps over it to `target`.

    An unset variable is counted and the body is played, as in Tsung.
    """

    __slots__ = ("comparison", "reference", "target", "value")

    def __init__(self, reference: Reference, step: If) -> None:
        self.reference = reference
        self.comparison = step.condition.comparison
        self.value = step.condition.value
        self.target = 0

    def run(self, user: Player, now: float) -> Step | None:
        value = self.reference.read(user.variables)
        if value is None:
            user.world.recorder.count("error_if_undef")
            return None
        holds = compare(value, self.comparison, user.fill(self.value))
        if holds is None:
            user.world.recorder.count(ERROR_NOT_NUMERIC)
        if not holds:
            user.position = self.target
        return None


class RepeatEnd:
    """The end of a `repeat`: goes back to the body while (until) its condition holds.

    The loop's own counter is readable under its name: unset in the first pass, then
    2, 3… It is unset again on leaving; Tsung goes on counting when the loop is
    entered again, which `--tsung-quirks` restores.
    """

    __slots__ = ("body", "condition", "counter", "step")

    def __init__(self, counter: int, condition: Reference, step: Repeat, body: int) -> None:
        self.counter = counter
        self.condition = condition
        self.step = step
        self.body = body

    def run(self, user: Player, now: float) -> Step | None:
        count = user.world.recorder.count
        passes = number_of(user.get(self.counter)) or 1
        value = self.condition.read(user.variables)
        if passes > self.step.max_repeat:
            count("max_repeat")
            self._leave(user)
            return None
        if value is None:
            count(f"error_repeat_{self.step.name}undef")
            self._leave(user)
            return None
        holds = compare(value, self.step.condition.comparison, self.step.condition.value)
        if holds is None:
            count(ERROR_NOT_NUMERIC)
            self._leave(user)
            return None
        user.set(self.counter, int(passes) + 1)
        if holds is self.step.until:
            self._leave(user)
            return None
        user.position = self.body
        return None

    def _leave(self, user: Player) -> None:
        if not user.world.quirks:
            user.set(self.counter, None)


class ForeachStart:
    """Takes the list to walk through: nothing for an unset or empty one, once for a scalar.

    Tsung plays the body once with the element unset, and then crashes, for both.
    """

    __slots__ = ("element", "index", "keep", "name", "rest", "source", "target")

    def __init__(
        self,
        *,
        source: Reference,
        name: str,
        keep: ElementFilter,
        rest: int,
        element: int,
        index: int,
    ) -> None:
        self.source = source
        self.name = name
        self.keep = keep
        self.rest = rest
        self.element = element
        self.index = index
        self.target = 0

    def run(self, user: Player, now: float) -> Step | None:
        value = self.source.read(user.variables)
        if value is None:
            user.world.recorder.count(f"error_foreach_{self.name}undef")
            value = []
        elements: list[Value] = list(value) if isinstance(value, list) else [value]
        if isinstance(value, str) and not value:
            elements = []
        if self.keep is not None:
            elements = [element for element in elements if self.keep(text_of(element))]
        user.set(self.index, 1)
        user.set(self.rest, elements)
        if not self.step(user):
            user.position = self.target
        return None

    def step(self, user: Player) -> bool:
        """Set the next element; False when there is none. `NAME_iter` is one ahead, as in Tsung."""
        rest = user.get(self.rest)
        index = user.get(self.index)
        if not isinstance(rest, list) or not isinstance(index, int) or index > len(rest):
            return False
        user.set(self.element, rest[index - 1])
        user.set(self.index, index + 1)
        return True


class ForeachEnd:
    """Goes back to the body while there are elements."""

    __slots__ = ("body", "start")

    def __init__(self, start: ForeachStart, body: int) -> None:
        self.start = start
        self.body = body

    def run(self, user: Player, now: float) -> Step | None:
        if self.start.step(user):
            user.position = self.body
        return None
