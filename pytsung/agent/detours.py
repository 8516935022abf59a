"""What a live user does off the common way: waits for others, holds back, goes elsewhere.

Most sessions never ask for any of it; `LiveUser` is the rest. Decides nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from time import monotonic

from pytsung.agent.layered import LayeredUser
from pytsung.reactor.calendar import NEVER
from pytsung.reactor.reactor import READ, WRITE
from pytsung.user.steps import (
    STAY,
    AwaitAll,
    AwaitLease,
    Hold,
    Listen,
    Restore,
    Step,
    Store,
    Work,
)

NO_DESCRIPTOR = -1


class DetouringUser(LayeredUser):
    """The part of a live user for rare steps; `LiveUser` is the rest."""

    __slots__ = ("_sending",)

    _sending: int | None

    @abstractmethod
    def _watch(self, mask: int) -> None:
        """Be told of these events from now on."""

    def _perform_rare(self, step: Step) -> Step | None:
        """Carry out what most sessions never ask for."""
        surroundings = self.surroundings
        if isinstance(step, AwaitLease):
            self.deadline = NEVER
            surroundings.when_in_need(self, step.supply)
        elif isinstance(step, AwaitAll):
            self.deadline = NEVER
            if step.timeout is not None:
                surroundings.reactor.wake_at(self, monotonic() + step.timeout)
            surroundings.when_gathered(self)
        elif isinstance(step, Hold):
            self._watch(0)
            surroundings.reactor.wake_at(self, monotonic() + step.seconds)
        elif isinstance(step, Work):
            self._have_done(step)
        elif isinstance(step, Listen):
            return self._listen(step)
        elif isinstance(step, Store):
            return self._store(step)
        elif isinstance(step, Restore):
            return self._restore(step)
        elif step is not STAY:  # Park: only data ends it
            self.deadline = NEVER
        return None

    def _have_done(self, step: Work) -> None:
        """Have something done on this host; the workshop tells what came of it."""
        surroundings = self.surroundings
        assert surroundings.workshop is not None
        if surroundings.is_stopping:
            self.user.halt()
            return
        surroundings.reactor.expect_before(self, monotonic() + step.timeout)
        surroundings.workshop.begin(self, step.work)

    def _leave_workshop(self) -> None:
        if self.surroundings.workshop is not None:
            self.surroundings.workshop.abandon(self)

    def _store(self, step: Store) -> Step:
        if self.descriptor == NO_DESCRIPTOR:  # it had things done here, and was connected to nobody
            return step.then
        if self._mask:
            self._watch(0)
        self.surroundings.put_aside(
            self, step.kind, self.descriptor, self._layer, self._tls_session
        )
        self.descriptor = NO_DESCRIPTOR
        self._layer = self._tls_session = self._outgoing = self._sending = None
        return step.then

    def _restore(self, step: Restore) -> Step:
        stored = self.surroundings.stored.pop((self, step.kind), None)
        if stored is None:
            return step.then
        self.descriptor = stored.take()
        self._layer, self._tls_session = stored.layer, stored.tls_session
        self._watch(READ)
        return step.then

    def _listen(self, step: Listen) -> Step | None:
        """Read again; a layer's goodbye may have come before the pause."""
        self.deadline = NEVER
        layer = self._layer
        if self.descriptor != NO_DESCRIPTOR:
            self._watch(READ | WRITE if self._outgoing is not None else READ)
        if layer is None or not layer.closed:
            return step.then
        self.perform(step.then)
        return self.user.peer_closed(monotonic()) if self._layer is layer else None
