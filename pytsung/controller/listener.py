"""What a run tells to whoever keeps or shows it; log directory and terminal in one.

Must not know who listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pytsung.control.messages import Health
from pytsung.stats import Interval
from pytsung.stats.totals import RunTotals


class Listener(Protocol):
    """Hears of a run while it happens. Times are Unix seconds."""

    def started(self, at: float) -> None:
        """The test begins at `at`, which may lie a moment ahead."""
        ...

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        """A second of the test is complete; it ended at `at`."""
        ...

    def host(self, name: str, health: Health) -> None:
        """How a host is doing, every ten seconds."""
        ...

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """Something happened that a person should be able to find later."""
        ...

    def note(self, level: int, source: str, text: str) -> None:
        """A line for the log; `level` as in syslog."""
        ...
