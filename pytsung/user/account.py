"""What a user measures of itself: transactions, its connection, its session.

Definitions are Tsung's (manual, "Statistics"). Must not know requests or protocols.
"""

from __future__ import annotations

from pytsung.user import steps
from pytsung.user.memory import Memory
from pytsung.user.state import ENDED, State
from pytsung.user.steps import Step


class Account(Memory):
    """The part of a user that records; `VirtualUser` is the rest."""

    __slots__ = ("_is_connected", "_started", "_transactions", "state")

    state: State
    _is_connected: bool
    _started: float
    _transactions: list[tuple[str, float]] | None

    def open_transaction(self, sample: str, now: float) -> None:
        """Begin to measure a transaction."""
        if self._transactions is None:
            self._transactions = []
        self._transactions.append((sample, now))

    def close_transaction(self, sample: str, now: float) -> None:
        """Record the innermost open transaction of that name."""
        transactions = self._transactions or []
        for position in reversed(range(len(transactions))):
            if transactions[position][0] == sample:
                self.world.recorder.sample(sample, now - transactions.pop(position)[1])
                return

    @property
    def innermost_transaction(self) -> str:
        """The sample of the transaction begun last and still open; empty if there is none."""
        return self._transactions[-1][0] if self._transactions else ""

    def fail(self, counter: str, now: float) -> Step:
        """End the session early, for a reason that is counted."""
        self.world.recorder.count(counter)
        return self._end(now)

    def end(self, now: float) -> Step:
        """End the session: it has been played."""
        return self._end(now)

    def abort_test(self, now: float) -> Step:
        """End the session, and ask for the end of the whole test."""
        self._end(now)
        return steps.ABORT_TEST

    def _note_closed(self) -> None:
        if self._is_connected:
            self._is_connected = False
            self.world.recorder.connection_closed()

    def _end(self, now: float) -> Step:
        recorder = self.world.recorder
        self._note_closed()
        for sample, started in self._transactions or ():
            recorder.sample(sample, now - started)
        recorder.sample("session", now - self._started)
        recorder.user_finished()
        self.state = ENDED
        return steps.END
