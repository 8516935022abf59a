"""What all connections of one worker have in common. Must not know what they do with it."""

from __future__ import annotations

from typing import Protocol

from pytsung.protocols.websocket.codec import Rules
from pytsung.reactor.reactor import Reactor
from pytsung_server.admission import Admission
from pytsung_server.conversation import Conversation
from pytsung_server.counts import Counts
from pytsung_server.directory import DEFAULT, Directory
from pytsung_server.greeting import Greeter
from pytsung_server.ids import Minter
from pytsung_server.index import Index
from pytsung_server.settings import Settings


class Opening(Protocol):
    """A connection whose request head is not complete."""

    def end(self) -> None:
        """Close it."""
        ...


class Shared:
    """One worker's loop, counts, greeter, conversation and rules.

    `opening` holds the connections whose head is not complete, oldest first, and
    since when: one sweep a second instead of a timer for each. `unsent_bytes` is
    what waits for all peers together.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Reactor,
        counts: Counts,
        directory: Directory = DEFAULT,
    ) -> None:
        self.reactor = reactor
        self.counts = counts
        self.unsent_bytes = 0
        self.index = Index()
        self.minter = Minter()
        self.admission = Admission(
            settings.profile,
            directory,
            limit_connects=settings.abuse_limits,
            mask_errors=settings.mask_errors,
        )
        self.greeter = Greeter(
            self.admission, self.index, self.minter, close_frames=not settings.upstream_close
        )
        self.conversation = Conversation(
            settings.profile,
            directory,
            self.index,
            self.minter,
            limit_messages=settings.abuse_limits,
            mask_errors=settings.mask_errors,
        )
        self.rules = Rules(
            max_message_bytes=settings.max_message,
            accept_unmasked=True,
            ignore_unknown_opcodes=True,
            any_close_code=True,
        )
        self.opening: dict[Opening, float] = {}

    def replace_directory(self, directory: Directory) -> None:
        """Projects and users are others from now on; who is connected stays."""
        self.admission.directory = directory
        self.conversation.directory = directory
        self.greeter.forget()

    def end_slow_heads(self, patience: float) -> None:
        """End the connections that have not sent a whole head within `patience` seconds."""
        before = self.reactor.now - patience
        for connection, since in list(self.opening.items()):
            if since > before:
                return
            self.counts.errors += 1
            connection.end()
