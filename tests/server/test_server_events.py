"""Appwrite's message between processes, as its publishers write it, and broken ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.events import MAX_EVENT_BYTES, Event

from pytsung.errors import RemoteProtocolError

MESSAGE: dict[str, Any] = {
    "project": "console",
    "roles": ["any", "user:anna"],
    "permissionsChanged": False,
    "userId": None,
    "data": {
        "events": ["buckets.b.files.f.create", "buckets.*.files.*.create"],
        "channels": ["files", "buckets.b.files"],
        "timestamp": "2026-08-21T13:42:57.123+00:00",
        "payload": {"$id": "f", "name": "café"},
    },
}

NAMES = st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True).map(tuple)


def read(**changes: Any) -> Event:
    """The message above with other values; None leaves a key out. `data__x` is within data."""
    data = dict(MESSAGE["data"])
    whole: dict[str, Any] = {**MESSAGE, "data": data}
    for key, value in changes.items():
        holder, name = (data, key[6:]) if key.startswith("data__") else (whole, key)
        holder[name] = value
    return Event.from_message(json.dumps(whole).encode())


def test_a_message_of_appwrite_is_read() -> None:
    """A real Appwrite may feed this server through Redis."""
    assert read(permissionsChanged=True, userId="anna") == Event(
        project="console",
        channels=("files", "buckets.b.files"),
        roles=("any", "user:anna"),
        names=("buckets.b.files.f.create", "buckets.*.files.*.create"),
        timestamp="2026-08-21T13:42:57.123+00:00",
        payload={"$id": "f", "name": "café"},
        permissions_changed=True,
        user_id="anna",
    )


def test_a_message_of_2021_is_read() -> None:
    """Appwrite 0.10 names one event, and counts seconds."""
    event = read(data__events=None, data__event="storage.files.create", data__timestamp=1630000000)
    assert event.names == ("storage.files.create",)
    assert event.timestamp == 1630000000


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"project": ""}, "project"),
        ({"project": 5}, "project"),
        ({"roles": []}, "roles"),
        ({"roles": "any"}, "roles"),
        ({"roles": [1]}, "roles"),
        ({"data": []}, "data"),
        ({"data__channels": []}, "channels"),
        ({"data__channels": {"0": "files"}}, "channels"),
        ({"data__events": None}, "events"),
        ({"data__timestamp": None}, "timestamp"),
        ({"data__timestamp": True}, "timestamp"),
        ({"data__timestamp": 1.5}, "timestamp"),
    ],
)
def test_what_is_no_event_is_refused_by_name(changes: dict[str, Any], what: str) -> None:
    """Whoever publishes by hand must see what was wrong."""
    with pytest.raises(RemoteProtocolError, match=f"`{what}`"):
        read(**changes)


@pytest.mark.parametrize(
    "message",
    [b"", b"null", b"[]", b"5", b"{", b"\xff", b"[" * 100_000, b" " * (MAX_EVENT_BYTES + 1)],
)
def test_garbage_is_refused(message: bytes) -> None:
    """Anyone with access to Redis can publish anything."""
    with pytest.raises(RemoteProtocolError, match="not an event"):
        Event.from_message(message)


@given(
    project=st.text(min_size=1),
    channels=NAMES,
    roles=NAMES,
    names=NAMES,
    timestamp=st.text() | st.integers(),
    payload=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
    user=st.none() | st.text(min_size=1),
)
def test_what_is_written_is_read(
    project: str,
    channels: tuple[str, ...],
    roles: tuple[str, ...],
    names: tuple[str, ...],
    timestamp: str | int,
    payload: dict[str, Any],
    user: str | None,
) -> None:
    """The publisher of load tests and the server must mean the same."""
    event = Event(
        project=project,
        channels=channels,
        roles=roles,
        names=names,
        timestamp=timestamp,
        payload=payload,
        permissions_changed=user is not None,
        user_id=user,
    )
    assert Event.from_message(event.to_message()) == event
