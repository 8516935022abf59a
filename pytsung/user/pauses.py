"""What a user waits for when it is not for an answer: time, a push, supplies, the others.

Must not know what it has asked of a peer.
"""

from __future__ import annotations

from pytsung.user import steps
from pytsung.user.errands import Errands
from pytsung.user.state import GATHERED, IN_NEED, PARKED, THINKING
from pytsung.user.steps import Step, Think
from pytsung.user.supplies import ExhaustedError, Needs


class Pauses(Errands):
    """The part of a user that waits; `VirtualUser` is the rest."""

    __slots__ = ("position",)

    position: int

    def think(self, step: Think) -> Step:
        """Pause."""
        self.state = THINKING
        return step

    def park(self) -> None:
        """Wait for a push, without a timer."""
        self.state = PARKED

    def await_supplies(self, needs: Needs, now: float) -> Step | None:
        """Wait, and come back to the operation at hand, if too little is here of anything."""
        try:
            lacking = self.world.supplies.lacking(needs)
        except ExhaustedError:
            return self.fail("error_file_empty", now)  # it needs a line of a file that has none
        if lacking is None:
            return None
        self.position -= 1
        self.state = IN_NEED
        return steps.AwaitLease(lacking)

    def await_all(self) -> Step:
        """Wait until all the others wait too."""
        self.state = GATHERED
        return steps.AwaitAll(self.program.session.options.barrier_timeout)
