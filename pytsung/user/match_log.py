"""What matches leave behind: lines for Tsung's `match.log`, and dumped answers.

Bounded, because one expression that fits every answer would fill any memory. Must
not know where it is written down.
"""

from __future__ import annotations

from pytsung.control.records import MatchEvent

MOST_EVENTS = 10_000
MOST_BYTES = 4 * 1024 * 1024
"""Events, and bytes of answers, kept until they are next taken: about a second's."""


class MatchLog:
    """Collects events until somebody takes them. `lost` counts those that found no room."""

    __slots__ = ("_events", "_size", "lost")

    def __init__(self) -> None:
        self._events: list[MatchEvent] = []
        self._size = 0
        self.lost = 0

    def note(self, event: MatchEvent) -> None:
        """Keep an event, if there is room."""
        size = len(event.answer or b"")
        if len(self._events) >= MOST_EVENTS or self._size + size > MOST_BYTES:
            self.lost += 1
            return
        self._size += size
        self._events.append(event)

    def take(self) -> tuple[MatchEvent, ...]:
        """The events since this was last asked."""
        events = tuple(self._events)
        self._events.clear()
        self._size = 0
        return events
