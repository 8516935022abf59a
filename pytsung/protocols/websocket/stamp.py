"""When a published event was sent, and which one it is: a mark inside its payload.

    {"$id":"…","pytsung":{"sent":1763904794123456,"event":"3f2a91c4-17"},…}

`sent` is Unix time in microseconds. `event` stands in those events only that are to
be followed one by one, from the first of their receivers to the last. The publisher
writes the mark, every server passes it on as part of the payload, and the load
generator finds it without reading the message. Must not know clocks.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

KEY = "pytsung"

_MICROSECONDS = 1e6

# Compact JSON, as Appwrite writes it, and in the order of `mark`.
_MARK = re.compile(rb'"pytsung":\{"sent":(\d{1,17})(?:,"event":"([0-9a-zA-Z-]{1,40})")?\}')


class Stamp(NamedTuple):
    """`sent_at` is Unix time in seconds; `event` is empty for one that is not followed."""

    sent_at: float
    event: str


def mark(sent_at: float, event: str = "") -> dict[str, Any]:
    """The value of KEY in the payload of an event that is sent at this Unix time."""
    sent = {"sent": round(sent_at * _MICROSECONDS)}
    return {**sent, "event": event} if event else sent


def read_stamp(message: bytes) -> Stamp | None:
    """The mark in a message as it came; None when there is none."""
    found = _MARK.search(message)
    if found is None:
        return None
    return Stamp(int(found[1]) / _MICROSECONDS, (found[2] or b"").decode("ascii"))
