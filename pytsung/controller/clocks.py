"""How another host's clocks differ from ours, found by asking for the time and back.

As NTP does it: an answer was written somewhere between question and receipt, so half of
that time is how wrong we may be; of several exchanges the quickest knows best. Pure
arithmetic on readings that are handed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class ClockComparison:
    """Another host's clocks minus ours, in seconds.

    `offset` is that of the monotonic clocks, by which a test is started; it tells of
    nothing but when hosts were booted. `unix_offset` is that of the clocks that show the
    time of day. Both are wrong by `uncertainty` at most. Where there may be none, it is
    given as 0, wrong by twice that at most: two agents of one machine share one clock.
    """

    uncertainty: float = math.inf
    _offset: float = 0.0
    _unix_offset: float = 0.0
    _asked: dict[int, float] = field(default_factory=dict)

    @property
    def offset(self) -> float:
        """The other's monotonic clock minus ours."""
        return self._beyond_doubt(self._offset)

    @property
    def unix_offset(self) -> float:
        """The other's time of day minus ours."""
        return self._beyond_doubt(self._unix_offset)

    def _beyond_doubt(self, offset: float) -> float:
        return 0.0 if abs(offset) <= self.uncertainty else offset

    def ask(self, number: int, at: float) -> None:
        """Question `number` goes out at `at` on our monotonic clock."""
        self._asked[number] = at

    def answer(
        self, number: int, theirs: float, their_unix: float, *, at: float, unix: float
    ) -> None:
        """Its answer has come, when our clocks show `at` and `unix`."""
        asked = self._asked.pop(number, -math.inf)
        half = (at - asked) / 2
        if half < self.uncertainty:
            self.uncertainty = half
            self._offset = theirs - (asked + half)
            self._unix_offset = their_unix - (unix - half)
