"""What all connections of one worker have in common. Must not know what they do with it."""

from __future__ import annotations

from typing import Protocol

from pytsung.protocols.websocket.codec import Rules
from pytsung.reactor.reactor import Reactor
from pytsung_server.counts import Counts
from pytsung_server.greeting import Greeter
from pytsung_server.settings import Settings


class Opening(Protocol):
    """A connection whose request head is not complete."""

    def end(self) -> None:
        """Close it."""
        ...


class Shared:
    """One worker's loop, counts, greeter and rules.

    `opening` holds the connections whose head is not complete, oldest first, and
    since when: one sweep a second instead of a timer for each.
    """

    def __init__(self, settings: Settings, reactor: Reactor, counts: Counts) -> None:
        self.reactor = reactor
        self.counts = counts
        self.profile = settings.profile
        self.greeter = Greeter(settings.profile)
        self.rules = Rules(
            max_message_bytes=settings.max_message,
            accept_unmasked=True,
            ignore_unknown_opcodes=True,
            any_close_code=True,
        )
        self.opening: dict[Opening, float] = {}

    def deliver(self, message: bytes) -> None:  # noqa: ARG002 - see its docstring
        """An event came over the bus. Nobody can subscribe yet, so it is only counted."""
        self.counts.events += 1

    def end_slow_heads(self, patience: float) -> None:
        """End the connections that have not sent a whole head within `patience` seconds."""
        before = self.reactor.now - patience
        for connection, since in list(self.opening.items()):
            if since > before:
                return
            self.counts.errors += 1
            connection.end()
