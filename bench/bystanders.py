"""What all other processes of a machine use while a run goes on, read from /proc.

Two processors that hold clients and server tell less of either when somebody else is busy,
too: with real-time priority nobody waits for those others, but they share caches, memory
and, on virtual machines, more than one can see. Must not know what runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.processes import all_pids, run_time


@dataclass(frozen=True, slots=True)
class Use:
    """`seconds` of processor time that others took between two instants, in Unix time."""

    begin: float
    end: float
    seconds: float


class Bystanders:
    """Whoever is there when this is made, the kernel's threads too, but not this process."""

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self._at = time.time()
        self._spent = {pid: run_time(pid) for pid in all_pids() if pid != os.getpid()}

    def look(self) -> None:
        """Note what they have used since the last look."""
        at, seconds = time.time(), 0.0
        for pid, before in self._spent.items():
            spent = run_time(pid)
            seconds += max(0.0, spent - before)  # one that has ended has nothing now
            self._spent[pid] = spent
        self.uses.append(Use(self._at, at, seconds))
        self._at = at


def cores(uses: Sequence[Use], begin: float, windows: int, width: float) -> list[float]:
    """Processors that they used in each of some windows on average; what was not seen is none."""
    edges = [begin + number * width for number in range(windows + 1)]
    return [sum(_part(use, *window) for use in uses) / width for window in pairwise(edges)]


def _part(use: Use, begin: float, end: float) -> float:
    """The seconds of it that fall between two instants."""
    shared = min(use.end, end) - max(use.begin, begin)
    return use.seconds * shared / (use.end - use.begin) if shared > 0 else 0.0
