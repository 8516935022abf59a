"""What a user has done on its own host, in place of a peer's answer (`ts_fs`, `ts_shell`).

Tsung counts the first errand as a connection, and so do we: `connect` is then close to
nothing. Must not know files, commands, or what an errand is for.
"""

from __future__ import annotations

from abc import abstractmethod

from pytsung.protocols.local import LocalWork, WorkResult
from pytsung.user import steps
from pytsung.user.state import GATHERED, WAITING
from pytsung.user.steps import STAY, Step
from pytsung.user.travel import Traveller


class Errands(Traveller):
    """The part of a user that has things done; `VirtualUser` is the rest."""

    __slots__ = ()

    request_started: float | None

    @property
    def _awaits_all(self) -> bool:
        """Whether a request waits for all the others; only bytes of what comes meanwhile count."""
        return self.state is GATHERED and self.request_started is not None

    @abstractmethod
    def connected(self, at: float) -> None:
        """The connection is established."""

    @abstractmethod
    def _complete(self, now: float, answer: bytes = b"") -> Step:
        """The request is answered."""

    def worked(self, result: WorkResult, now: float) -> Step:
        """What was to be done is done, or has failed."""
        if self.state is not WAITING:
            return STAY
        recorder = self.world.recorder
        recorder.bytes_sent += result.sent
        recorder.bytes_received += result.received
        for counter in result.counters:
            recorder.counters[counter] += 1
        return self._complete(now, result.answer)

    def _have_done(self, work: LocalWork, now: float) -> Step:
        """Wait for it as for an answer, `idle_timeout` at most."""
        if not self._is_connected:
            self.connected(now)
        self.state = WAITING
        return steps.Work(work, self.program.await_answer.timeout)
