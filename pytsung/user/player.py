"""What an operation may ask of the user who plays it.

The seam between a session's operations and the virtual user; must not know either.
"""

from __future__ import annotations

from random import Random
from typing import Protocol

from pytsung.plan import Request
from pytsung.stats import Recorder
from pytsung.user.steps import Step, Think
from pytsung.user.values import Value


class Exchanging(Protocol):
    """An operation that makes a request. `ends_page`: no other request follows at once."""

    @property
    def request(self) -> Request:
        """What to ask."""
        ...

    @property
    def substitute(self) -> bool:
        """Whether its text is filled first."""
        ...

    @property
    def ends_page(self) -> bool:
        """Whether its answer completes a page."""
        ...


class Surroundings(Protocol):
    """What all players share, as far as operations look."""

    @property
    def recorder(self) -> Recorder:
        """Where counts go."""
        ...

    @property
    def random(self) -> Random:
        """Where chance comes from."""
        ...

    @property
    def quirks(self) -> bool:
        """Whether Tsung's defects are wanted."""
        ...


class Player(Protocol):
    """What an operation may ask of the user who plays it."""

    position: int
    variables: list[Value] | None

    @property
    def world(self) -> Surroundings:
        """What all players share."""
        ...

    def begin_request(self, operation: Exchanging, now: float) -> Step:
        """Start an exchange."""
        ...

    def think(self, step: Think) -> Step:
        """Pause."""
        ...

    def park(self) -> None:
        """Wait for a push."""
        ...

    def open_transaction(self, sample: str, now: float) -> None:
        """Begin to measure a transaction."""
        ...

    def close_transaction(self, sample: str, now: float) -> None:
        """Record a transaction."""
        ...

    def fail(self, counter: str, now: float) -> Step:
        """End the session, for a reason that is counted."""
        ...

    def abort_test(self, now: float) -> Step:
        """End the session and the whole test."""
        ...

    def get(self, slot: int) -> Value:
        """A variable's value."""
        ...

    def set(self, slot: int, value: Value) -> None:
        """Set a variable."""
        ...

    def fill(self, text: str) -> str:
        """The text with the user's variables in it."""
        ...


class Operation(Protocol):
    """One action slot of a session."""

    def run(self, user: Player, now: float) -> Step | None:
        """What the user does here: a step for the world, or None to go on."""
        ...
