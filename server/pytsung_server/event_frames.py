"""An event as the frames that its subscribers get.

Everything is encoded once; only the ids of a subscriber's subscriptions are put in,
and a profile without ids has one frame for all. Must not know connections.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pytsung.protocols.websocket.events import Opcode
from pytsung.protocols.websocket.frames import frame
from pytsung_server.events import Event
from pytsung_server.ids import ID_LENGTH, Minter
from pytsung_server.index import Ids
from pytsung_server.messages import encode
from pytsung_server.settings import Profile


class EventFrames:
    """The frames of one event, by ids; `minter` made those that are numbers."""

    __slots__ = ("_after", "_before", "_minter", "_one", "_starts", "whole")

    def __init__(self, profile: Profile, event: Event, minter: Minter) -> None:
        self._minter = minter
        self._starts: dict[int, bytes] = {}
        self._after = b'"]}}'
        self.whole: bytes | None = None
        """The frame for everybody, where there are no ids."""
        if profile is Profile.BENCH2021:
            self.whole = frame(Opcode.TEXT, encode({"type": "event", "data": _data_2021(event)}))
            return
        message = encode({"type": "event", "data": _data(event)})
        self._before = message[:-2] + b',"subscriptions":["'
        start = self._start(ID_LENGTH).replace(b"%", b"%%")
        self._one = start + minter.pattern + self._after

    def of(self, ids: Ids, places: Sequence[int]) -> bytes:
        """The frame for a subscriber with such ids, whose subscriptions at `places` matched."""
        if self.whole is not None:
            return self.whole
        if not isinstance(ids, int):
            return self.with_ids([ids[place] for place in places])
        if len(places) == 1:  # all but very few are like that: 0.1 µs
            return self._one % (ids + places[0])
        return self.with_ids([self._minter.text(ids + place) for place in places])

    def with_ids(self, ids: Sequence[str]) -> bytes:
        """The frame for a subscriber whose subscriptions with these ids matched."""
        listed = '","'.join(ids).encode("ascii")
        start = self._starts.get(len(listed))
        if start is None:
            start = self._starts[len(listed)] = self._start(len(listed))
        return start + listed + self._after

    def _start(self, size: int) -> bytes:
        """What stands before ids that take `size` bytes, from the frame's header on."""
        whole = frame(Opcode.TEXT, self._before + bytes(size) + self._after)
        return whole[: -size - len(self._after)]


def _data(event: Event) -> dict[str, Any]:
    return {
        "events": event.names,
        "channels": event.channels,
        "timestamp": _as_text(event.timestamp),
        "payload": event.payload,
    }


def _data_2021(event: Event) -> dict[str, Any]:
    return {
        "event": event.names[0],
        "channels": event.channels,
        "timestamp": _as_seconds(event.timestamp),
        "payload": event.payload,
    }


def _as_text(timestamp: str | int) -> str:
    """The time as Appwrite writes it today: UTC, milliseconds, `+00:00`."""
    if isinstance(timestamp, str):
        return timestamp
    try:
        return iso(timestamp)
    except (ValueError, OverflowError, OSError):  # no such year; whoever published it knows why
        return str(timestamp)


def _as_seconds(timestamp: str | int) -> str | int:
    """The time as 0.10 wrote it; as it is, when it is no ISO 8601."""
    if isinstance(timestamp, int):
        return timestamp
    try:
        return int(dt.datetime.fromisoformat(timestamp).timestamp())
    except (ValueError, OverflowError):
        return timestamp


def iso(seconds: float) -> str:
    """Seconds since 1970 as Appwrite writes a time today."""
    time = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return time.isoformat(timespec="milliseconds")
