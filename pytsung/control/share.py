"""The part of a plan given to one agent, and to each of its workers.

Shares add up to the plan exactly: users of a phase are split over the workers of
the whole test by largest remainder, once, by the controller. Must not know hosts'
names or how an agent is reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from pytsung.plan import ArrivalPhase, Plan, ScheduledUser

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Dealt:
    """Which users of a lost worker's share are played here; the others are played elsewhere.

    Counted from 0 in the order of their arrival, in each phase: those whose number
    modulo `cycle` is one of `places`. `index` is the lost worker's, whose arrival
    times these are.
    """

    index: int
    cycle: int
    places: tuple[int, ...]

    def pick(self, items: Iterable[Item]) -> Iterator[Item]:
        """Those of the lost worker's items that are played here."""
        return (item for n, item in enumerate(items) if n % self.cycle in self.places)

    def count(self, items: int) -> int:
        """How many of the first so many items are played here."""
        return sum(len(range(place, items, self.cycle)) for place in self.places)


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """What one worker plays; a worker that is full hands the rest to a successor.

    `index` of `count` workers in the whole test; `weight` is its part of the load beside
    the others'. `fresh` are phases that an operator began: their first user comes at their
    own rate, not at that of the phase before. `phase_users` and `phase_rates`
    (users per second) are this worker's part of each phase, in playing order.
    `max_users` is how many users it may hold at once. `source_addresses`,
    `source_range` and `source_ports` are its own part of the agent host's. With `dealt`
    the phases are those of a worker that was lost, and only a part of them is played.
    """

    index: int
    count: int
    phase_users: tuple[int, ...]
    phase_rates: tuple[float, ...]
    scheduled_users: tuple[ScheduledUser, ...] = ()
    max_users: int = 800
    source_addresses: tuple[str, ...] = ()
    source_range: str = ""
    dealt: Dealt | None = None
    weight: float = 1.0
    fresh: tuple[int, ...] = ()

    def rates_into(self, number: int) -> tuple[float, ...]:
        """The rates, with none before phase `number` if nothing of it may be heard there."""
        if number not in self.fresh:
            return self.phase_rates
        return (*self.phase_rates[: number - 1], 0.0, *self.phase_rates[number:])


@dataclass(frozen=True, slots=True)
class AgentShare:
    """What one agent plays: the plan, and a share for each of its workers.

    `seed` is the run's, drawn by the controller if the plan has none. `warm_up`
    is the time between the start and the first arrival phase, in seconds.
    """

    plan: Plan
    seed: int
    workers: tuple[WorkerShare, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """Other phases, from an instant on, because an operator changed the load.

    `first` counts from 0 and begins `begins` seconds after the test's start; the phase
    before it ends `cut` seconds after its own beginning. `users` and `rates` are, for
    each worker that one agent began with, its part of each of the new `phases`; workers
    that it took on later have none. Users with a fixed time from `begins` on come `shift`
    seconds later, whoever plays them.
    """

    first: int
    begins: float
    cut: float
    phases: tuple[ArrivalPhase, ...]
    users: tuple[tuple[int, ...], ...]
    rates: tuple[tuple[float, ...], ...]
    shift: float = 0.0

    def apply(self, share: AgentShare) -> AgentShare:
        """The share as it is from then on."""
        load = share.plan.load
        before = list(load.all_phases()[: self.first])
        if before:
            before[-1] = replace(before[-1], duration=self.cut, wait_all_sessions_end=False)
        plan = replace(share.plan, load=replace(load, phases=(*before, *self.phases), loop=0))
        workers = tuple(self._apply(number, worker) for number, worker in enumerate(share.workers))
        return replace(share, plan=plan, workers=workers)

    def _apply(self, number: int, worker: WorkerShare) -> WorkerShare:
        has_part = number < len(self.users)
        users = self.users[number] if has_part else (0,) * len(self.phases)
        rates = self.rates[number] if has_part else (0.0,) * len(self.phases)
        return replace(
            worker,
            phase_users=(*worker.phase_users[: self.first], *users),
            phase_rates=(*worker.phase_rates[: self.first], *rates),
            fresh=(*worker.fresh, self.first),
            scheduled_users=tuple(map(self._moved, worker.scheduled_users)),
        )

    def _moved(self, user: ScheduledUser) -> ScheduledUser:
        """A user with a fixed time, in whose place nothing else changes: its number counts."""
        if user.start_time < self.begins:
            return user
        return replace(user, start_time=user.start_time + self.shift)


@dataclass(frozen=True, slots=True)
class Sources:
    """The random sources of a share: the states of that of times and that of choices.

    `next` is the time that was drawn last, of the first user who has not been started.
    """

    next: float
    times: bytes
    choices: bytes


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a successor takes over from a full worker.

    `phase` counts from 0 in playing order and began `phase_origin` seconds after
    the test's start; `launched` of its users, and `scheduled` of the scheduled
    users, have been started; `users` is how many of this share were, in all. Without
    `sources` a successor draws all that was drawn before it once more.
    """

    phase: int
    phase_origin: float
    launched: int
    scheduled: int
    users: int
    sources: Sources | None = None
