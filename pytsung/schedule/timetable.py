"""Which phase is played when, and how many users are wanted of it; also after a change.

An operator may pause the arrivals of a running test, resume them, or change their
rate. Each cuts the phase at hand short at that instant, and puts others in its place.
Times are seconds since the test's start. Must not know who plays the phases, nor any
clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytsung.errors import UsageError
from pytsung.plan import ArrivalPhase
from pytsung.schedule.arrivals import planned_users

HOLD = 1e9
"""Seconds that a pause lasts unless it is ended: thirty years. JSON knows no infinity."""

LEAST_REST = 1.0
"""Seconds of arrivals that must be left for a change: after the last one workers leave."""

CURE = "let the run end, or stop it"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase in its place. `users` are wanted of it in the whole test, before any cut."""

    phase: ArrivalPhase
    begins: float
    users: int
    is_pause: bool = False

    @property
    def ends(self) -> float:
        """When the next one begins."""
        return self.begins + self.phase.duration


@dataclass(frozen=True, slots=True)
class Change:
    """From `begins` on, `phases` are played, the first of them as number `first` (from 0).

    The phase before them ends `cut` seconds after its beginning.
    """

    first: int
    begins: float
    cut: float
    phases: tuple[ArrivalPhase, ...]


class Timetable:
    """The phases of a test as they are played; `is_amended` once an operator changed them."""

    def __init__(self, phases: Sequence[ArrivalPhase]) -> None:
        self.is_amended = False
        self.stretches: list[Stretch] = []
        self._append(phases, 0.0)

    # -- reading --------------------------------------------------------------

    @property
    def ends(self) -> float:
        """When the last phase ends."""
        return self.stretches[-1].ends if self.stretches else 0.0

    @property
    def wanted(self) -> int:
        """Users of all phases, in the whole test; those that a cut leaves out are among them."""
        return sum(stretch.users for stretch in self.stretches)

    def place(self, at: float) -> int | None:
        """The number (from 0) of the phase at a time; None when all are over."""
        for number, stretch in enumerate(self.stretches):
            if at < stretch.ends:
                return number
        return None

    def rate(self, at: float) -> float:
        """Users per second that should arrive at a time."""
        number = self.place(at)
        if number is None:
            return 0.0
        stretch = self.stretches[number]
        rate = stretch.phase.rate
        # `maxnumber` may end the arrivals of a phase early.
        return rate if (at - stretch.begins) * rate < stretch.users else 0.0

    def is_paused(self, at: float) -> bool:
        """Whether an operator holds the arrivals."""
        number = self.place(at)
        return number is not None and self.stretches[number].is_pause

    # -- what happens ---------------------------------------------------------

    def entered(self, number: int, at: float) -> None:
        """Phase `number` (from 0) began at a time: later than planned when it waited for users."""
        late = at - self.stretches[number].begins if number < len(self.stretches) else 0.0
        if late > 0:
            self.stretches[number:] = [
                replace(stretch, begins=stretch.begins + late)
                for stretch in self.stretches[number:]
            ]

    def pause(self, at: float) -> Change:
        """Let nobody arrive from a time on; the rest of the plan waits. Raises UsageError."""
        current = self._current(at)
        if current.is_pause:
            raise UsageError("arrivals are paused already; resume them")
        hold = ArrivalPhase(current.phase.number, HOLD, 0.0, weights=current.phase.weights)
        return self._change(at, [hold, *self._rest(at, current.phase.rate)], is_pause=True)

    def resume(self, at: float) -> Change:
        """Go on where arrivals were paused. Raises UsageError when they are not."""
        if not self._current(at).is_pause:
            raise UsageError("arrivals are not paused; pause them first")
        return self._change(at, self._rest(at, 0.0)[1:])

    def change_rate(self, at: float, rate: float) -> Change:
        """Let `rate` users arrive per second until the end of the phase. Raises UsageError."""
        if not 0 < rate < HOLD:
            raise UsageError(f"{rate:g} users per second cannot arrive; give a rate above 0")
        if self._current(at).is_pause:
            raise UsageError("arrivals are paused; resume them, then change the rate")
        return self._change(at, self._rest(at, rate))

    def _current(self, at: float) -> Stretch:
        number = self.place(at)
        if number is None or self.ends - at < LEAST_REST:
            raise UsageError(f"arrivals are over: nothing of them is left to change; {CURE}")
        return self.stretches[number]

    def _rest(self, at: float, rate: float) -> list[ArrivalPhase]:
        """What is left of the phase at a time, at another rate, and the phases after it."""
        number = self.place(at)
        assert number is not None
        stretch = self.stretches[number]
        phase = stretch.phase
        most = phase.max_users
        if most is not None:
            # Workers may be a few users off what the rate has brought by now.
            most = max(0, most - round((at - stretch.begins) * phase.rate))
        left = replace(phase, duration=stretch.ends - at, rate=rate, max_users=most)
        return [left, *(later.phase for later in self.stretches[number + 1 :])]

    def _change(
        self, at: float, phases: Iterable[ArrivalPhase], *, is_pause: bool = False
    ) -> Change:
        number = self.place(at)
        assert number is not None
        cut = self.stretches[number]
        short = replace(cut.phase, duration=at - cut.begins, wait_all_sessions_end=False)
        self.stretches[number:] = [replace(cut, phase=short)]
        change = Change(number + 1, at, short.duration, tuple(phases))
        self._append(change.phases, at, is_pause=is_pause)
        self.is_amended = True
        return change

    def _append(
        self, phases: Sequence[ArrivalPhase], begins: float, *, is_pause: bool = False
    ) -> None:
        for phase in phases:
            self.stretches.append(Stretch(phase, begins, planned_users(phase), is_pause))
            begins += phase.duration
            is_pause = False  # only the first one is
