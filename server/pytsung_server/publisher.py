"""Publishes the events of a load test on time.

The schedule never waits because the last event was late, and those that are due meanwhile
go in together; how late each one was sent is part of the result. Must not know
options, what events look like, or where they go.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import trio

from pytsung_server.publication import Publication

MOST_TOGETHER = 64
MOST_BYTES = 2**19
"""What goes in at once, of events that are late: of large ones only one."""

_AROUND = 1024
"""Bytes of an event beside its payload, about."""


class Way(Protocol):
    """Where events go in."""

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Publish one or more, in order. Raises PublishError."""
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
    most = max(1, min(MOST_TOGETHER, MOST_BYTES // (publication.size + _AROUND)))
    last = publication.count
    started = trio.current_time()
    number = 0
    while last is None or number < last:
        await trio.sleep_until(started + publication.due(number))
        passed = trio.current_time() - started
        messages: list[bytes] = []
        lates: list[float] = []
        # All that are due go in together: an admin port takes as many requests as it can answer.
        while len(messages) < most and (last is None or number < last):
            late = passed - publication.due(number)
            if messages and late < 0:
                break
            messages.append(publication.message(number, time.time()))
            lates.append(max(0.0, late))
            number += 1
        await way.publish(messages)
        for late in lates:
            published.add(late, trio.current_time() - started)
