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
from pytsung.plan import ArrivalPhase, Load
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

    The phase before them ends `cut` seconds after its beginning. Users with a fixed
    time from `begins` on come `shift` seconds later than they would have.
    """

    first: int
    begins: float
    cut: float
    phases: tuple[ArrivalPhase, ...]
    shift: float = 0.0


class Timetable:
    """The phases of a test as they are played; `is_amended` once an operator changed them.

    `fixed` are the times of users who have one of their own (Tsung's `<user>`); while
    arrivals are paused, those who wait stand `HOLD` later.
    """

    def __init__(self, phases: Sequence[ArrivalPhase], fixed: Iterable[float] = ()) -> None:
        self.is_amended = False
        self.stretches: list[Stretch] = []
        self.fixed = list(fixed)
        self._append(phases, 0.0)

    @classmethod
    def of(cls, load: Load) -> Timetable:
        """The timetable of a plan's load."""
        return cls(load.all_phases(), (user.start_time for user in load.scheduled_users))

    # -- reading --------------------------------------------------------------

    @property
    def ends(self) -> float:
        """When nobody is to come any more: the last phase and all fixed times are over."""
        return max([self._phases_end, *self.fixed])

    @property
    def _phases_end(self) -> float:
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

    def fixed_between(self, begin: float, end: float) -> int:
        """How many users have a fixed time from `begin` to before `end`."""
        return sum(begin <= time < end for time in self.fixed)

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
        if self.is_paused(at):
            raise UsageError("arrivals are paused already; resume them")
        self._refuse_if_over(at, self.ends)
        number = self.place(at)
        if number is None:  # only fixed times are left
            hold = ArrivalPhase(len(self.stretches) + 1, HOLD, 0.0)
            return self._change(at, [hold], is_pause=True, shift=HOLD)
        phase = self.stretches[number].phase
        hold = ArrivalPhase(phase.number, HOLD, 0.0, weights=phase.weights)
        rest = self._rest(at, phase.rate)
        return self._change(at, [hold, *rest], is_pause=True, shift=HOLD)

    def resume(self, at: float) -> Change:
        """Go on where arrivals were paused. Raises UsageError when they are not."""
        number = self.place(at)
        if number is None or not self.stretches[number].is_pause:
            raise UsageError("arrivals are not paused; pause them first")
        paused = at - self.stretches[number].begins
        return self._change(at, self._rest(at, 0.0)[1:], shift=paused - HOLD)

    def change_rate(self, at: float, rate: float) -> Change:
        """Let `rate` users arrive per second until the end of the phase. Raises UsageError."""
        if not 0 < rate < HOLD:
            raise UsageError(f"{rate:g} users per second cannot arrive; give a rate above 0")
        if self.is_paused(at):
            raise UsageError("arrivals are paused; resume them, then change the rate")
        self._refuse_if_over(at, self._phases_end)
        return self._change(at, self._rest(at, rate))

    def _refuse_if_over(self, at: float, ends: float) -> None:
        """Raise UsageError when arrivals are over, or nearly: workers leave after the last one."""
        if at >= ends:
            raise UsageError(f"arrivals are over: nothing of them is left to change; {CURE}")
        if ends - at < LEAST_REST:
            raise UsageError(
                f"arrivals are over in less than {LEAST_REST:g} s: too late to change them; {CURE}"
            )

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
        self,
        at: float,
        phases: Iterable[ArrivalPhase],
        *,
        is_pause: bool = False,
        shift: float = 0.0,
    ) -> Change:
        number = self.place(at)
        if number is None:  # after the last phase: it is said to have lasted until now
            number = len(self.stretches) - 1
        length = 0.0
        if self.stretches:
            last = self.stretches[number]
            length = at - last.begins
            short = replace(last.phase, duration=length, wait_all_sessions_end=False)
            self.stretches[number:] = [replace(last, phase=short)]
        change = Change(number + 1, at, length, tuple(phases), shift)
        self._append(change.phases, at, is_pause=is_pause)
        self.fixed = [time + shift if time >= at else time for time in self.fixed]
        self.is_amended = True
        return change

    def _append(
        self, phases: Sequence[ArrivalPhase], begins: float, *, is_pause: bool = False
    ) -> None:
        for phase in phases:
            self.stretches.append(Stretch(phase, begins, planned_users(phase), is_pause))
            begins += phase.duration
            is_pause = False  # only the first one is
