"""The events that a load test publishes, and when: a schedule in the open.

Event number n is due n / rate seconds after the first, whatever became of those
before it. Each carries when it was really sent. Must not know clocks or connections.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from pytsung.protocols.websocket.stamp import KEY, mark
from pytsung_server.events import Event

EVERYBODY = ("any", "*")
"""The role that everybody has: in Appwrite of today, and in 0.10."""

NAME = "pytsung.publish"

FOLLOWED_PER_SECOND = 20.0
"""Events that are followed one by one; of more, only some are, to keep the results small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What to publish, `rate` times a second. `size` is the payload's, in bytes of JSON.

    `publisher` tells the events of one publisher from those of another.
    """

    publisher: str
    rate: float
    size: int
    channels: tuple[str, ...]
    names: tuple[str, ...] = (NAME,)
    project: str = "console"
    roles: tuple[str, ...] = EVERYBODY
    count: int | None = None

    def due(self, number: int) -> float:
        """When event `number` (the first is 0) is due, in seconds after the first."""
        return number / self.rate

    def message(self, number: int, unix_time: float) -> bytes:
        """Event `number` as it is published, if it is sent at `unix_time`.

        A payload that is too small for what it has to carry is as small as it can be.
        """
        identity = f"{self.publisher}-{number}"
        followed = number % self._step == 0
        payload = {
            "$id": identity,
            KEY: mark(unix_time, identity if followed else ""),
            "padding": "",
        }
        missing = self.size - len(json.dumps(payload, separators=(",", ":")))
        payload["padding"] = "x" * max(0, missing)
        at = datetime.fromtimestamp(unix_time, UTC)
        return Event(
            project=self.project,
            channels=self.channels,
            roles=self.roles,
            names=self.names,
            timestamp=at.isoformat(timespec="milliseconds"),
            payload=payload,
        ).to_message()

    @property
    def _step(self) -> int:
        """Every how many events one is followed."""
        return max(1, round(self.rate / FOLLOWED_PER_SECOND))
