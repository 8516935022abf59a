"""What survivors play of a lost agent's share: its future arrivals, dealt out in turn.

A lost worker's arrival times are known from the plan and the seed, so the survivors
go on with the very same ones, each with every n-th user. Users who had arrived are
lost with the agent. Plain arithmetic; must not know how an agent is reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from pytsung.control.messages import Adopt
from pytsung.control.share import AgentShare, Dealt, Resume, WorkerShare
from pytsung.schedule.arrivals import worker_arrivals

MOST_TURNS = 64
"""Turns of one round of dealing: enough to follow the weights of hosts closely."""

SPARE_NUMBERS = 100
"""User numbers left free after a lost worker's last planned one: its clock may have been
a moment ahead of ours."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a worker is: in which phase (from 0), begun so many seconds after the test's start."""

    phase: int = 0
    origin: float = 0.0


@dataclass(frozen=True, slots=True)
class Survivor:
    """An agent that goes on, with the share that it had from the beginning."""

    name: str
    share: AgentShare

    @property
    def weight(self) -> float:
        """Its part of the load beside the others'."""
        own = (worker for worker in self.share.workers if worker.dealt is None)
        return sum(sum(worker.phase_rates) for worker in own)


def redistribute(
    lost: AgentShare,
    positions: Mapping[int, Position],
    at: float,
    survivors: Sequence[Survivor],
) -> list[tuple[str, Adopt]]:
    """What each survivor is to adopt; nothing when nobody is left to arrive after `at`.

    `positions` are those of the lost workers, by their index; `at` is in seconds since
    the test's start.
    """
    turns = deal_turns([survivor.weight for survivor in survivors])
    adoptions = []
    for worker in lost.workers:
        rest = _Rest(lost, worker, positions.get(worker.index, Position()), at)
        for number, survivor in enumerate(survivors):
            share = rest.share_of(number, turns, len(survivors), survivor.share.workers[0])
            resume = rest.resume(share)
            if rest.has_users(share, resume):
                adoptions.append((survivor.name, Adopt(share, resume)))
    return adoptions


def deal_turns(weights: Sequence[float]) -> list[int]:
    """Whose turn it is, one round of it: evenly mixed, in proportion to the weights.

    Each one has at least a turn when all weights are equal; all zero counts as equal.
    """
    whole = sum(weights)
    if whole <= 0 or len(set(weights)) == 1:
        return list(range(len(weights)))
    credit = [0.0] * len(weights)
    turns = []
    for _ in range(max(MOST_TURNS, len(weights))):
        credit = [have + weight for have, weight in zip(credit, weights, strict=True)]
        chosen = max(range(len(weights)), key=credit.__getitem__)
        credit[chosen] -= whole
        turns.append(chosen)
    return turns


class _Rest:
    """What one lost worker had still to play."""

    def __init__(self, lost: AgentShare, worker: WorkerShare, position: Position, at: float):
        self._worker = worker
        self._phases = lost.plan.load.all_phases()
        self._position = self._move_on(position, at)
        self._due = self._count_due(lost.seed, at)
        self._scheduled = [user for user in worker.scheduled_users if user.start_time > at]
        before = sum(worker.phase_users[: self._position.phase]) + self._due
        scheduled = len(worker.scheduled_users) - len(self._scheduled)
        self._numbers_used = before + scheduled + SPARE_NUMBERS

    def _move_on(self, position: Position, at: float) -> Position:
        """The position at that time: a worker that is gone tells of no further phase."""
        phase, origin = position.phase, position.origin
        while phase + 1 < len(self._phases):
            now = self._phases[phase]
            if at < origin + now.duration or now.wait_all_sessions_end:
                break
            phase, origin = phase + 1, origin + now.duration
        return Position(phase, origin)

    def _count_due(self, seed: int, at: float) -> int:
        """How many users of the phase at hand have arrived, dealt elsewhere or not."""
        worker, phase = self._worker, self._position.phase
        if not self._phases:
            return 0
        index = worker.index if worker.dealt is None else worker.dealt.index
        users = worker.phase_users[phase]
        times = worker_arrivals(seed, index, phase, users, worker.rates_into(phase))
        elapsed = at - self._position.origin
        return sum(1 for _ in takewhile(lambda time: time <= elapsed, times))

    def share_of(
        self, number: int, turns: Sequence[int], survivors: int, host: WorkerShare
    ) -> WorkerShare:
        """The part of survivor `number`, played from the addresses of its own `host`."""
        worker = self._worker
        scheduled = [
            user
            for place, user in enumerate(self._scheduled)
            if turns[place % len(turns)] == number
        ]
        return replace(
            worker,
            # User numbers that nobody else has: every n-th of those that are left.
            index=worker.index + (self._numbers_used + number) * worker.count,
            count=worker.count * survivors,
            scheduled_users=tuple(scheduled),
            max_users=host.max_users,
            source_addresses=host.source_addresses,
            source_range=host.source_range,
            dealt=_deal(worker, turns, number),
        )

    def resume(self, share: WorkerShare) -> Resume:
        """Where that share goes on."""
        assert share.dealt is not None
        launched = share.dealt.count(self._due)
        return Resume(self._position.phase, self._position.origin, launched, 0, 0)

    def has_users(self, share: WorkerShare, resume: Resume) -> bool:
        """Whether anybody is left to arrive in it."""
        assert share.dealt is not None
        phases = [share.dealt.count(users) for users in share.phase_users[resume.phase :]]
        return sum(phases) > resume.launched or bool(share.scheduled_users)


def _deal(worker: WorkerShare, turns: Sequence[int], number: int) -> Dealt:
    """Every user of the worker's whose turn is `number`'s; a part of a part, where it was one."""
    known = worker.dealt or Dealt(worker.index, 1, (0,))
    rounds = range(len(turns))
    places = [place + known.cycle * one for one in rounds for place in known.places]
    own = tuple(place for n, place in enumerate(places) if turns[n % len(turns)] == number)
    return Dealt(known.index, known.cycle * len(turns), own)
