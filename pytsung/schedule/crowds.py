"""How many users are there at once, as arrival rates and think times go.

An estimate from below: answers take no time, and every draw is its mean. Steps whose
length nobody knows keep their user for ever. Must not know hosts or limits.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from pytsung.plan import (
    ArrivalPhase,
    For,
    Foreach,
    If,
    Load,
    Pause,
    Repeat,
    Session,
    SessionStep,
    ThinkTime,
    Transaction,
    WaitForAll,
    WaitForPush,
)

MOST_POINTS = 500
"""Instants looked at: a configuration with hundreds of phases and sessions is no reason to wait."""


def stay(steps: Iterable[SessionStep]) -> float:
    """Seconds that a user needs for these steps, at least; infinite when nobody can know."""
    return math.fsum(map(_length, steps))


def _length(step: SessionStep) -> float:
    if isinstance(step, ThinkTime):
        return _pause(step)
    if isinstance(step, WaitForPush | WaitForAll):
        return math.inf
    if isinstance(step, Transaction | If):
        return stay(step.steps)
    if isinstance(step, For | Repeat | Foreach):
        once = stay(step.steps)
        return once * _rounds(step) if once else 0.0
    return 0.0


def _pause(step: ThinkTime) -> float:
    if step.pause is Pause.FROM_TEXT:
        return math.inf
    if step.pause is Pause.UNIFORM:
        return (step.seconds + step.maximum) / 2
    return step.seconds


def _rounds(step: For | Repeat | Foreach) -> float:
    if isinstance(step, Repeat):
        return step.max_repeat + 1
    if isinstance(step, For) and isinstance(step.start, int) and isinstance(step.stop, int):
        return max(1, (step.stop - step.start) // max(1, step.increment) + 1)
    return math.inf  # as long as a list that only the user will see


def most_at_once(load: Load, sessions: Sequence[Session], linger: float = 0.0) -> float:
    """The most users at once in the whole test.

    `linger` is how many seconds something of each, its port say, remains in use after it.
    """
    phases = load.all_phases()
    limit = math.inf if load.duration is None else load.duration
    groups = [_Group(phases, number, limit) for number in range(len(sessions))]
    stays = [stay(session.steps) + linger for session in sessions]
    ends = [min(limit, at) for at in _arrival_ends(phases)]
    points = {end + extra for end in ends for extra in (0.0, *stays) if end + extra <= limit}
    some = sorted(points)[:: max(1, len(points) // MOST_POINTS)]
    scheduled = len(load.scheduled_users)
    peaks = [
        math.fsum(
            group.arrived(at) - group.arrived(at - duration)
            for group, duration in zip(groups, stays, strict=True)
        )
        for at in (*some, *ends)
    ]
    return max(peaks, default=0.0) + scheduled


def _arrival_ends(phases: Sequence[ArrivalPhase]) -> Iterator[float]:
    """When the last user of each phase has come, `maxnumber` reached, and when it ends."""
    begins = 0.0
    for phase in phases:
        if phase.rate > 0:
            yield begins + min(phase.duration, phase.users / phase.rate)
        begins += phase.duration
        yield begins


class _Group:
    """All users of one session: how many have arrived by when."""

    def __init__(self, phases: Sequence[ArrivalPhase], session: int, limit: float) -> None:
        parts = [_part(phase, session) for phase in phases]
        self._begins = [0.0, *accumulate(phase.duration for phase in phases)]
        self._users = [
            0.0,
            *accumulate(p.users * part for p, part in zip(phases, parts, strict=True)),
        ]
        self._rates = [phase.rate * part for phase, part in zip(phases, parts, strict=True)]
        self._limit = limit

    def arrived(self, at: float) -> float:
        at = min(at, self._limit)
        if at <= 0:
            return 0.0
        phase = min(bisect_right(self._begins, at), len(self._rates)) - 1
        if phase < 0:
            return 0.0
        arrived = self._users[phase] + self._rates[phase] * (at - self._begins[phase])
        return min(arrived, self._users[phase + 1])


def _part(phase: ArrivalPhase, session: int) -> float:
    """The part of a phase's users that play a session."""
    if len(phase.weights) == 1:
        return 1.0
    whole = sum(phase.weights)
    return phase.weights[session] / whole if whole else 0.0
