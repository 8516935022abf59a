"""When the users of an arrival phase start.

Yields start times in seconds since the phase began, from the phase's rate and a
random source. Knows no clock, socket or agent: the caller waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from pytsung.plan import ArrivalPhase


def planned_users(phase: ArrivalPhase) -> int:
    """How many users a phase has in the whole test: fixed in advance, not drawn."""
    return phase.users


def worker_arrivals(
    seed: int, worker: int, phase: int, users: int, rates: Sequence[float]
) -> Iterator[float]:
    """Start times of one worker's users in phase number `phase`, as `arrival_times` gives them.

    The same for whoever asks, so that others can go on where a worker was lost.
    `rates` are the worker's own, in all phases.
    """
    random = times_source(seed, worker, phase)
    return arrival_times(users, rates[phase], first_rate(phase, rates), random)


def times_source(seed: int, worker: int, phase: int) -> Random:
    """The source of one worker's start times in a phase, as it is before the first of them."""
    return Random(f"{seed}:{worker}:{phase}:times")


def first_rate(phase: int, rates: Sequence[float]) -> float:
    """The rate at which a phase's first gap is drawn."""
    return rates[phase - 1] if phase and rates[phase - 1] > 0 else rates[phase]


def arrival_times(
    users: int, rate: float, first_rate: float, random: Random, begins: float = 0.0
) -> Iterator[float]:
    """Start times of `users` users, seconds since the phase began, ascending.

    Gaps are exponential with mean 1/rate: a Poisson process (Tsung manual,
    "Arrival phases"). The first gap is drawn at `first_rate`: Tsung draws the one
    that leads into a phase while still in the phase before. A time may lie beyond
    the phase's end; who plays the phase decides what becomes of that user. The first
    gap leads on from `begins`.
    """
    at = begins
    for number in range(users):
        at += random.expovariate(rate if number else first_rate)
        yield at
