"""What an operation may ask of the user who plays it.

The seam between a session's operations and the virtual user; must not know either.
"""

from __future__ import annotations

from typing import Protocol

from pytsung.plan import ChangeType, Endpoint, RateLimit, Request, SetCertificate
from pytsung.protocols.room import Room
from pytsung.user.steps import Step, Think
from pytsung.user.supplies import Needs
from pytsung.user.values import Value
from pytsung.user.world import World


class Inspecting(Protocol):
    """Looks at an answer."""

    def run(self, user: Player, data: bytes, now: float) -> Step | None:
        """What the user does about it: a step, or None to go on."""
        ...


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
    def needs(self) -> Needs | None:
        """What it takes from what the whole test shares."""
        ...

    @property
    def inspection(self) -> Inspecting | None:
        """What is looked for in its answer."""
        ...

    @property
    def ends_page(self) -> bool:
        """Whether its answer completes a page."""
        ...


class Player(Protocol):
    """What an operation may ask of the user who plays it."""

    position: int
    variables: list[Value] | None

    @property
    def number(self) -> int:
        """The user's number in the whole test."""
        ...

    @property
    def endpoint(self) -> Endpoint:
        """Whom it talks to."""
        ...

    @property
    def session_number(self) -> int:
        """The place of its session in the plan, from 1."""
        ...

    @property
    def innermost_transaction(self) -> str:
        """The transaction begun last and still open, as its sample is called."""
        ...

    @property
    def world(self) -> World:
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

    def await_supplies(self, needs: Needs, now: float) -> Step | None:
        """Wait if too little is here of anything, and then come back to this operation."""
        ...

    def await_all(self) -> Step:
        """Wait for all the others."""
        ...

    def go_elsewhere(
        self, endpoint: Endpoint, room: Room, change: ChangeType, now: float
    ) -> Step | None:
        """Go on with another target."""
        ...

    def limit_rate(self, limit: RateLimit, now: float) -> None:
        """Limit how fast it reads."""
        ...

    def limit_connecting(self, seconds: float) -> None:
        """Limit how long connecting may take."""
        ...

    def show_certificate(self, certificate: SetCertificate, now: float) -> Step | None:
        """Show another certificate from the next connection on."""
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

    def end(self, now: float) -> Step:
        """End the session, for it has been played."""
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

    def read(self, name: str) -> Value:
        """The value of a variable, by its name."""
        ...

    def fill(self, text: str) -> str:
        """The text with the user's variables in it."""
        ...

    def call(self, function: str) -> str:
        """What one of Tsung's own functions gives."""
        ...


class Operation(Protocol):
    """One action slot of a session."""

    def run(self, user: Player, now: float) -> Step | None:
        """What the user does here: a step for the world, or None to go on."""
        ...
