"""The barrier of a test: users wait until so many of them wait (Tsung's `global_number`).

Must not know users, only how many of which holder; nor a clock, for it is told the time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable

from pytsung.plan import Barrier

Releases = dict[Hashable, int]
"""How many users of each holder may go on, those who came first."""


class Gate:
    """Lets users go on by the `size`, and all of them when nobody comes any more."""

    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier
        self._queue: deque[tuple[Hashable, int]] = deque()
        self._waiting = 0
        self._last_came = 0.0

    def came(self, holder: Hashable, count: int, now: float) -> Releases:
        """So many more users of a holder wait."""
        self._queue.append((holder, count))
        self._waiting += count
        self._last_came = now
        released: Counter[Hashable] = Counter()
        while self._waiting >= self._barrier.size:
            self._release(self._barrier.size, released)
        return released

    def look(self, now: float) -> Releases:
        """Release everybody if nobody has come for too long; to be called now and then."""
        released: Counter[Hashable] = Counter()
        if self._waiting and now - self._last_came >= self._barrier.timeout:
            self._release(self._waiting, released)
        return released

    def left(self, holder: Hashable) -> None:
        """A holder is gone, and its users with it."""
        kept = [entry for entry in self._queue if entry[0] != holder]
        self._queue = deque(kept)
        self._waiting = sum(count for _, count in kept)

    def _release(self, wanted: int, released: Counter[Hashable]) -> None:
        """Take so many from the head of the queue."""
        self._waiting -= wanted
        while wanted:
            holder, count = self._queue.popleft()
            taken = min(count, wanted)
            released[holder] += taken
            wanted -= taken
            if count > taken:
                self._queue.appendleft((holder, count - taken))
