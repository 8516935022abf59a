"""How users arrive: phases, users scheduled one by one, and when to stop.

Must not know when anything really happens: `schedule` turns this into start times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

SessionWeights = tuple[float, ...]
"""Popularity of each session, in the order of the plan's sessions."""


@dataclass(frozen=True, slots=True)
class ArrivalPhase:
    """A stretch of `duration` seconds in which users arrive at `rate` per second.

    Arrivals are a Poisson process cut to a fixed number of users:
    round(duration × rate), or `max_users` if that is less. `weights` is the
    popularity of each session during the phase.
    """

    number: int
    duration: float
    rate: float
    max_users: int | None = None
    weights: SessionWeights = ()
    wait_all_sessions_end: bool = False

    @property
    def users(self) -> int:
        """How many users the phase has in the whole test: fixed in advance, not drawn.

        Rounded half away from zero, as Tsung does.
        """
        users = math.floor(self.duration * self.rate + 0.5)
        return users if self.max_users is None else min(users, self.max_users)


@dataclass(frozen=True, slots=True)
class ScheduledUser:
    """Tsung's `<user>`: one user who starts session number `session` at a fixed time (seconds)."""

    start_time: float
    session: int


@dataclass(frozen=True, slots=True)
class Load:
    """Everything about arrivals. `loop` plays the phases that many times more.

    `duration` ends the test after that many seconds whatever is running; None
    lets it end by itself.
    """

    phases: tuple[ArrivalPhase, ...] = ()
    scheduled_users: tuple[ScheduledUser, ...] = field(default=())
    loop: int = 0
    duration: float | None = None

    def all_phases(self) -> tuple[ArrivalPhase, ...]:
        """The phases in the order they are played, repetitions included."""
        return self.phases * (self.loop + 1)
