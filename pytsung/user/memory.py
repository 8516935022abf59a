"""What a user remembers: its variables, and texts filled with them.

Must not know what a text is for.
"""

from __future__ import annotations

from typing import cast

from pytsung.protocols.room import RequestError
from pytsung.user import substitution
from pytsung.user.callbacks import CALLBACK_FAILED, CallbackError, call_python
from pytsung.user.player import Player
from pytsung.user.program import USER_NUMBER, Program
from pytsung.user.supplies import SUPPLY_OF_FUNCTION
from pytsung.user.values import Value, text_of
from pytsung.user.world import World


class Memory:
    """The part of a user that knows names and texts; `VirtualUser` is the rest.

    `variables` is None until the first one is set, for most users never set any.
    """

    __slots__ = ("number", "program", "variables", "world")

    number: int
    program: Program
    variables: list[Value] | None
    world: World

    @property
    def session_number(self) -> int:
        """The place of the session in the plan, from 1."""
        return self.program.number

    def get(self, slot: int) -> Value:
        """A variable's value; None when it was never set."""
        return self.variables[slot] if self.variables is not None else None

    def set(self, slot: int, value: Value) -> None:
        """Set a variable."""
        if self.variables is None:
            self.variables = [None] * len(self.program.variables)
        self.variables[slot] = value

    def read(self, name: str) -> Value:
        """The value of a variable by its name; None when it was never set."""
        if name == USER_NUMBER:
            return self.number
        return self.program.variables.reference(name).read(self.variables)

    def fill(self, text: str) -> str:
        """The text with this user's variables in it."""
        return substitution.fill(text, lambda name: text_of(self.read(name)), self.call)

    def call(self, function: str) -> str:
        """What a function gives this user: one of Tsung's own, or one in Python.

        Raises RequestError when the latter fails; only requests call such functions.
        """
        if function == "ts_user_server:get_unique_id":
            return str(self.number)
        if function == "ts_user_server:get_really_unique_id":
            return f"{self.world.unix_time}-{self.number}"
        supply = SUPPLY_OF_FUNCTION.get(function)
        if supply is not None:
            return self.world.supplies.take(supply)
        try:
            return text_of(call_python(function, cast(Player, self)))
        except CallbackError as error:
            raise RequestError(CALLBACK_FAILED) from error
