"""How many connections the processes can hold, by their descriptor limit.

There is a door for each core (see `door`), or for each worker if these are fewer. The
kernel spreads connections over doors by chance, so the workers of each need room beyond
its mean: six standard deviations of a binomial share (measured at 200,016 connections
over 54 sockets: mean 3,704, deviation 59, as the binomial says).
"""

from __future__ import annotations

import math
import os
import resource

SPARE = 128
"""Descriptors a worker keeps for itself: a batch of accepts, epoll, trio, streams."""

DEVIATIONS = 6

_SIZES = {"Rss:", "Pss:"}


def raise_descriptor_limit() -> int:
    """Raise the soft limit to the hard one, and give it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def worker_cap(descriptors: int) -> int:
    """The most connections that one worker accepts; at least one."""
    return max(1, descriptors - SPARE)


def capacity(workers: int, cap: int, cores: int) -> int:
    """How many connections `workers` hold before chance fills those of one door."""
    doors = min(workers, cores)
    if doors == 1:
        return workers * cap
    return int(doors * _mean(workers // doors * cap))


def workers_for(connections: int, cap: int, cores: int) -> int:
    """How many workers it takes to hold `connections`."""
    if connections <= cap:
        return 1
    if cores == 1:
        return math.ceil(connections / cap)
    alone = math.ceil(connections / _mean(cap))
    if alone <= cores:
        return alone
    share = connections / cores
    return cores * math.ceil((share + DEVIATIONS * math.sqrt(share)) / cap)


def _mean(cap: int) -> float:
    """The mean of a door's connections that leaves room for chance: mean + 6 √mean = cap."""
    return (math.sqrt(cap + (DEVIATIONS / 2) ** 2) - DEVIATIONS / 2) ** 2


def shared_bytes() -> int:
    """How much of this process's resident memory belongs to the others that map it too.

    After a fork most of it does: resident minus proportional size (proc(5)). Takes
    about a millisecond for each 100 MB.
    """
    with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
        sizes = {words[0]: int(words[1]) for line in lines if (words := line.split())[0] in _SIZES}
    return (sizes["Rss:"] - sizes["Pss:"]) * 1024


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
