"""Where a user goes and how: change of target and protocol, limits set on the way.

Must not know what a request is.
"""

from __future__ import annotations

from abc import abstractmethod

from pytsung.plan import ChangeType, Endpoint, RateLimit, SetCertificate
from pytsung.protocols.room import Conversation, Room
from pytsung.user import steps
from pytsung.user.account import Account
from pytsung.user.particulars import Particulars, Stored, TokenBucket
from pytsung.user.steps import Step


class Traveller(Account):
    """The part of a user that has a target; `VirtualUser` is the rest."""

    __slots__ = ("_particulars", "conversation", "endpoint")

    conversation: Conversation
    endpoint: Endpoint
    _particulars: Particulars | None

    @abstractmethod
    def _advance(self, now: float) -> Step:
        """Go on with the next operation."""

    @property
    def connect_timeout(self) -> float | None:
        """Seconds that connecting may take; None: for ever."""
        own = self._particulars
        if own is not None and own.connect_timeout is not None:
            return own.connect_timeout
        return self.program.connect_timeout

    @property
    def certificate(self) -> SetCertificate | None:
        """What the user shows of itself on TLS connections."""
        return self._particulars.certificate if self._particulars is not None else None

    @property
    def is_bidirectional(self) -> bool:
        """Whether it takes messages that it did not ask for."""
        own = self._particulars
        if own is not None and own.bidirectional is not None:
            return own.bidirectional
        return self.program.session.bidirectional

    def limit_rate(self, limit: RateLimit, now: float) -> None:
        """From now on, read what is awaited no faster than this."""
        self._own().bucket = TokenBucket(limit, now)

    def limit_connecting(self, seconds: float) -> None:
        """From now on, connecting may take so long."""
        self._own().connect_timeout = seconds

    def show_certificate(self, certificate: SetCertificate, now: float) -> Step | None:
        """Close the connection; the next one shows another certificate."""
        self._own().certificate = certificate
        if not self._is_connected:
            return None
        self._forget_connection()
        return steps.Disconnect(self._advance(now))

    def go_elsewhere(
        self, endpoint: Endpoint, room: Room, change: ChangeType, now: float
    ) -> Step | None:
        """Go on with another target, in another protocol."""
        own = self._own()
        was_connected = self._is_connected
        before = own.kind or self.program.session.kind
        if change.store:
            own.stored[before] = Stored(self.conversation, was_connected)
        else:
            self._forget_connection()
        found = own.stored.pop(change.kind, None) if change.restore else None
        self.endpoint = endpoint
        self.conversation = found.conversation if found is not None else self._converse(room)
        self._is_connected = found is not None and found.is_connected
        is_restored = self._is_connected
        own.kind = change.kind
        own.bidirectional = change.bidirectional
        if not was_connected and not is_restored:
            return None
        then = self._advance(now)
        if is_restored:
            then = steps.Restore(change.kind, then)
        if was_connected:
            then = steps.Store(before, then) if change.store else steps.Disconnect(then)
        return then

    def lost_stored(self, kind: str) -> None:
        """The peer has closed a connection that was put aside."""
        stored = self._own().stored.get(kind)
        if stored is not None and stored.is_connected:
            stored.is_connected = False
            stored.conversation.disconnected()
            self.world.recorder.connection_closed()

    def _converse(self, room: Room) -> Conversation:
        """A new conversation, in the protocol that it goes on with."""
        return room.converse()

    def _own(self) -> Particulars:
        if self._particulars is None:
            self._particulars = Particulars()
        return self._particulars

    def _forget_connection(self) -> None:
        self._note_closed()
        self.conversation.disconnected()

    def _note_closed_all(self) -> None:
        """All connections are about to be closed, those put aside too."""
        self._note_closed()
        for kind in self._particulars.stored if self._particulars is not None else ():
            self.lost_stored(kind)

    def _end(self, now: float) -> Step:
        self._note_closed_all()
        return super()._end(now)
