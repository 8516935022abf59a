"""The mark by which an event tells when it was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.protocols.websocket.stamp import KEY, Stamp, mark, read_stamp


def message(payload: dict[str, Any]) -> bytes:
    """An event as Appwrite writes it: compact, `/` escaped."""
    event = {"type": "event", "data": {"events": ["a/b"], "payload": payload}}
    return json.dumps(event, separators=(",", ":")).replace("/", "\\/").encode()


@given(st.floats(0, 4e9), st.from_regex(r"[0-9a-f]{8}-[0-9]{1,9}", fullmatch=True) | st.just(""))
def test_what_was_marked_is_read(sent_at: float, event: str) -> None:
    """To the microsecond, wherever in a message it stands."""
    found = read_stamp(message({"$id": "ü", KEY: mark(sent_at, event), "padding": "xx"}))
    assert found is not None
    assert found.sent_at == pytest.approx(sent_at, abs=1e-6)
    assert found.event == event


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"type":"pong"}',
        message({"pytsung": {"sent": "soon"}}),
        message({"pytsung": {"sent": -5}}),
        message({"pytsung": {"sent": 10**30}}),
        message({"pytsung": {"sent": 1, "event": "x" * 41}}),
        message({"pytsung": {"sent": 1, "event": "<b>"}}),
    ],
)
def test_other_messages_have_none(data: bytes) -> None:
    """Nor those of a peer that means ill: its figures and names would end up in the results."""
    assert read_stamp(data) is None


def test_an_event_that_is_not_followed_has_no_name() -> None:
    """Of very many events only some are looked at one by one; all of them have an age."""
    assert read_stamp(message({KEY: mark(12.5)})) == Stamp(12.5, "")
