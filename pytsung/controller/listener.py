"""What a run tells to whoever keeps or shows it; log directory and terminal in one.

Must not know who listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pytsung.control.messages import Health
from pytsung.control.records import Exchanges, MatchEvent, Traffic
from pytsung.errors import LogDirectoryError
from pytsung.stats import Interval
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals


class Listener(Protocol):
    """Hears of a run while it happens. Times are Unix seconds.

    Any method may raise LogDirectoryError, once, when nothing can be kept any more.
    """

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

    def reading(self, reading: Reading) -> None:
        """A figure of a host that is monitored, every ten seconds."""
        ...

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """Something happened that a person should be able to find later."""
        ...

    def note(self, level: int, source: str, text: str) -> None:
        """A line for the log; `level` as in syslog."""
        ...

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None:
        """Matches that are to be written down; their times count from `origin`."""
        ...

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None:
        """What users of an agent (from 1) did, if the plan asks for it; as `matches`."""
        ...


class CarefulListener:
    """Passes everything on to a listener; its one failure goes to `failed` instead of up.

    A run whose disk is full is ended in order, not dropped in the middle of a message.
    """

    def __init__(self, listener: Listener, failed: Callable[[LogDirectoryError], None]) -> None:
        self._listener = listener
        self._failed = failed

    def started(self, at: float) -> None:
        """As `Listener.started`."""
        self._try(self._listener.started, at)

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        """As `Listener.interval`."""
        self._try(self._listener.interval, merged, by_agent, totals, at)

    def host(self, name: str, health: Health) -> None:
        """As `Listener.host`."""
        self._try(self._listener.host, name, health)

    def reading(self, reading: Reading) -> None:
        """As `Listener.reading`."""
        self._try(self._listener.reading, reading)

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """As `Listener.event`."""
        self._try(self._listener.event, kind, at, **fields)

    def note(self, level: int, source: str, text: str) -> None:
        """As `Listener.note`."""
        self._try(self._listener.note, level, source, text)

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None:
        """As `Listener.matches`."""
        self._try(self._listener.matches, events, origin)

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None:
        """As `Listener.dump`."""
        self._try(self._listener.dump, agent, batch, origin)

    def _try(self, tell: Callable[..., None], *args: Any, **fields: Any) -> None:
        try:
            tell(*args, **fields)
        except LogDirectoryError as error:
            self._failed(error)
