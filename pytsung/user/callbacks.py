"""Python functions that a session calls, in place of Tsung's Erlang ones.

Must not know where they come from, nor what their values are for.
"""

from __future__ import annotations

from pytsung.user.player import Player
from pytsung.user.values import Value

CALLBACK_FAILED = "error_callback"
"""Counted where a Python function raises, or gives what no variable can hold."""


class CallbackError(Exception):
    """The function raised, or gave what no variable can hold."""


class CallbackUser:
    """What a Python function may see of the user for whom it is called."""

    __slots__ = ("_user",)

    def __init__(self, user: Player) -> None:
        self._user = user

    @property
    def number(self) -> int:
        """The user's number in the whole test."""
        return self._user.number

    @property
    def host(self) -> str:
        """The host that the user talks to."""
        return self._user.endpoint.host

    @property
    def port(self) -> int:
        """The port that the user talks to."""
        return self._user.endpoint.port

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a variable."""
        value = self._user.read(name)
        return default if value is None else value

    def random(self) -> float:
        """A number from 0 to 1, drawn from the run's seed."""
        return self._user.world.random.random()


def call_python(function: str, user: Player) -> Value:
    """What `package.module:function` gives for a user. Raises CallbackError."""
    try:
        return _value(user.world.callbacks[function](CallbackUser(user)))
    except Exception as error:
        raise CallbackError(f"{function}: {type(error).__name__}: {error}") from error


def _value(result: object) -> Value:
    """A function's result as a variable's value. Raises TypeError."""
    if result is None or isinstance(result, str | bool | int | float):
        return result
    if isinstance(result, bytes):
        return result.decode("utf-8", "replace")
    if isinstance(result, list | tuple):
        return [_value(each) for each in result]
    raise TypeError(f"a callback gave a {type(result).__name__}")
