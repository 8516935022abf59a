"""Appwrite's limits on how often somebody connects or speaks.

Fixed windows on whole minutes of the clock, as upstream has them: whoever comes at
the end of one may come again at once. Must not know connections or clocks: it is
told who and when.
"""

from __future__ import annotations

from collections import Counter

WINDOW = 60.0
"""Seconds."""

MAX_CONNECTS = 128
"""For one path and client address, in a window and in one worker."""

MAX_MESSAGES = 32
"""On one connection, in a window."""


class Window:
    """Counts what everybody did in the current minute, and forgets it with the minute."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minute = 0.0
        self._counts: Counter[object] = Counter()

    def allows(self, who: object, now: float) -> bool:
        """Whether `who` may do it once more; `now` is seconds since 1970."""
        minute = now // WINDOW
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        if self._counts[who] >= self._limit:
            return False
        self._counts[who] += 1
        return True
