"""Thresholds that end a run as soon as they are crossed (`abort_on_fail`).

Must not know how a run is ended.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytsung.stats.thresholds import Crossing, Threshold
from pytsung.stats.totals import RunTotals


class Tripwire:
    """Watches a run's thresholds, all of them; some end it.

    A figure of which nothing was measured yet ends nothing. `crossing` is what ended
    the run, as it stood then.
    """

    def __init__(self, thresholds: Sequence[Threshold] = ()) -> None:
        self.crossing: Crossing | None = None
        self._thresholds = tuple(thresholds)
        self._told: dict[str, bool] = {}
        self._aborting = [one for one in thresholds if one.abort_after is not None]

    def look(self, totals: RunTotals, elapsed: float) -> bool:
        """Whether the run is to end, `elapsed` seconds after its start."""
        for one in self._aborting:
            if self.crossing is None and one.abort_after is not None and elapsed >= one.abort_after:
                crossing = one.check(totals, elapsed)
                if crossing.value is not None and not crossing.kept:
                    self.crossing = crossing
        return self.crossing is not None

    def news(self, totals: RunTotals, elapsed: float) -> list[Crossing]:
        """The thresholds that are crossed, or kept, other than when last asked.

        Of a limit for a time the first crossing is news. A count or rate that has yet to
        grow to its limit is not: only one that was kept can be crossed.
        """
        found = []
        for one in self._thresholds:
            crossing = one.check(totals, elapsed)
            if crossing.value is None:
                continue
            is_first = one.text not in self._told
            before = self._told.get(one.text, crossing.unit == "s")
            if before is not crossing.kept and (not is_first or crossing.unit == "s"):
                found.append(crossing)
            self._told[one.text] = crossing.kept
        return found

    def judge(self, totals: RunTotals, duration: float) -> list[Crossing]:
        """What came of every threshold in a run that lasted `duration` seconds.

        The one that ended it stays crossed, whatever its last requests were like.
        """
        crossings = [one.check(totals, duration) for one in self._thresholds]
        ended = self.crossing
        if ended is None:
            return crossings
        return [ended if one.threshold == ended.threshold else one for one in crossings]
