"""Publishes the events of a load test on time, one after the other.

The schedule never waits because the last event was late; how late each one was sent is
part of the result. Must not know options, what events look like, or where they go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import trio

from pytsung_server.publication import Publication


class Way(Protocol):
    """Where events go in."""

    async def publish(self, message: bytes) -> None:
        """Publish one. Raises PublishError."""
        ...


@dataclass(slots=True)
class Published:
    """What was sent so far: how many, in how many seconds, and how late (seconds, too)."""

    count: int = 0
    seconds: float = 0.0
    latest: float = 0.0
    late_in_all: float = 0.0

    def add(self, late: float, seconds: float) -> None:
        """One more was sent, `late` seconds after it was due."""
        self.count += 1
        self.seconds = seconds
        self.latest = max(self.latest, late)
        self.late_in_all += late

    def __str__(self) -> str:
        """A sentence for people."""
        if not self.count:
            return "nothing was published"
        mean = self.late_in_all / self.count
        return (
            f"published {self.count:,} event{'s' if self.count > 1 else ''}"
            f" in {self.seconds:.1f} s; late by {mean * 1000:.1f} ms on average,"
            f" {self.latest * 1000:.1f} ms at most"
        )


async def publish(publication: Publication, way: Way, published: Published) -> None:
    """Publish on schedule until all are sent, or until cancelled; `published` tells how far.

    Raises:
        PublishError: an event could not be published.
    """
    started = trio.current_time()
    number = 0
    while publication.count is None or number < publication.count:
        due = started + publication.due(number)
        await trio.sleep_until(due)
        late = trio.current_time() - due
        await way.publish(publication.message(number, time.time()))
        published.add(late, trio.current_time() - started)
        number += 1
