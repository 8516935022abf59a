"""The server's JSON: shapes, codes, and what a server in production says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server import messages
from pytsung_server.event_frames import iso


@given(
    channels=st.lists(st.text()),
    slots=st.lists(st.integers(0, 9) | st.text(), unique_by=str),
    account=st.none() | st.dictionaries(st.text(), st.text()),
)
def test_ids_stand_where_the_first_message_was_cut(
    channels: list[str], slots: list[str | int], account: dict[str, str] | None
) -> None:
    """Slots that count from 0 give a list, others an object, none an empty list."""
    pieces = messages.connected(channels, slots, account)
    assert len(pieces) == max(1, len(slots) + 1)
    ids = [f"id{number}" for number in range(len(slots))]
    whole = pieces[0]
    for name, piece in zip(ids, pieces[1:], strict=True):
        whole += name.encode() + piece
    data = json.loads(whole)["data"]
    assert list(data) == ["channels", "subscriptions", "user"]
    assert data["channels"] == channels
    assert data["user"] == account
    expected: Any = dict(zip((str(slot) for slot in slots), ids, strict=True))
    if slots == list(range(len(slots))):
        expected = ids
    assert data["subscriptions"] == expected


@pytest.mark.parametrize(
    ("code", "close"),
    [(1008, 1008), (1003, 1003), (1013, 1013), (401, 1008), (403, 1008), (0, 1011), (500, 1011)],
)
def test_each_error_has_a_close_code_that_may_be_sent(code: int, close: int) -> None:
    """Codes of HTTP are none of WebSocket's."""
    assert messages.close_code(code) == close


@pytest.mark.parametrize(("code", "says"), [(0, False), (1013, False), (1003, False), (401, True)])
def test_production_hides_what_counts_as_a_fault_of_the_server(code: int, says: bool) -> None:
    """From 500 on, which takes in WebSocket's own codes: a quirk that clients meet."""
    assert (messages.masked(code, "text") == "text") is says


def test_times_are_written_as_appwrite_does() -> None:
    """Always with milliseconds, always UTC as +00:00."""
    assert iso(0) == "1970-01-01T00:00:00.000+00:00"
    assert iso(1787319777.123456) == "2026-08-21T13:42:57.123+00:00"
