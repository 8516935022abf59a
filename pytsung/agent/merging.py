"""Intervals of several workers into one of the agent.

Pure: is told of reports, of workers that came and went, and of the time; gives
merged intervals in order, each once.
"""

from __future__ import annotations

from pytsung.stats import Interval

PATIENCE = 2.0
"""Seconds after its end that an interval waits for the workers that have not reported it."""


class IntervalMerger:
    """Collects one agent's intervals. Workers are known by their process number."""

    def __init__(self) -> None:
        self._expected: dict[int, int] = {}  # worker → first interval not reported yet
        self._pending: dict[int, Interval] = {}
        self._next = 0

    def join(self, worker: int, at: float) -> None:
        """A worker has begun, `at` seconds after the test's start."""
        self._expected[worker] = max(self._next, int(max(at, 0.0)))

    def leave(self, worker: int) -> None:
        """A worker will report no more."""
        self._expected.pop(worker, None)

    def add(self, worker: int, interval: Interval) -> None:
        """A worker's report. One that comes after its interval was given goes into the next."""
        interval.index = max(interval.index, self._next)
        if worker in self._expected:
            self._expected[worker] = interval.index + 1
        pending = self._pending.get(interval.index)
        if pending is None:
            self._pending[interval.index] = interval
        else:
            pending.merge(interval)

    def lost(self, worker: int, users: int, connections: int, at: float) -> None:
        """A worker has died with so many users and connections: counted where it happened."""
        self.leave(worker)
        index = max(self._next, int(max(at, 0.0)))
        gone = Interval(index, users_lost=users, connections_closed=connections)
        pending = self._pending.setdefault(index, Interval(index))
        pending.merge(gone)

    def ready(self, now: float) -> list[tuple[Interval, tuple[int, ...]]]:
        """The intervals that are complete, or have waited long enough, with who is missing."""
        done = []
        while self._next + 1 <= now:
            late = tuple(w for w, expected in self._expected.items() if expected <= self._next)
            if late and now < self._next + 1 + PATIENCE:
                break
            for worker in late:
                self._expected[worker] = self._next + 1
            done.append((self._pending.pop(self._next, Interval(self._next)), late))
            self._next += 1
        return done

    def flush(self) -> list[Interval]:
        """Whatever is left when the last worker is done, in order."""
        rest = [self._pending[index] for index in sorted(self._pending)]
        self._pending.clear()
        return rest
