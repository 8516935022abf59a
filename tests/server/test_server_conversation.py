"""Answers to clients' messages, with the original's codes and words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.settings import Profile

from tests.server.bench import bench

FORMAT = (1003, "Message format is not valid.")
TYPE = (1003, "Message type is not valid.")


def answer(profile: Profile, message: str | bytes) -> bytes:
    """What a guest of the console is answered."""
    with bench(profile) as worker:
        peer, _ = worker.connect("project=console&channels[]=files")
        return worker.shared.conversation.answer(peer, message)


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        ("", *FORMAT),
        ("not json", *FORMAT),
        ("null", *FORMAT),
        ("[]", *FORMAT),
        ("{}", *FORMAT),
        ('{"a":1}', *FORMAT),
        ("NaN", *FORMAT),
        ("[" * 60_000, *FORMAT),
        (b"\xff\xfe", *FORMAT),
        ("5", 0, "Error: Server Error"),
        ('"x"', 0, "Error: Server Error"),
        ('{"data":{}}', *TYPE),
        ('{"type":null}', *TYPE),
        ('{"type":["ping"]}', *TYPE),
        ('{"type":"unknown"}', *TYPE),
        ('{"type":"authentication","data":{"session":"abc"}}', 1003, "Session is not valid."),
    ],
)
@pytest.mark.parametrize("profile", list(Profile))
def test_what_cannot_be_answered_is_refused_in_the_words_of_the_original(
    profile: Profile, message: str | bytes, code: int, text: str
) -> None:
    """SDKs show these texts, and their tests compare them."""
    error = json.loads(answer(profile, message))
    assert error == {"type": "error", "data": {"code": code, "message": text}}


def test_ping_is_answered_today_and_unknown_in_2021() -> None:
    """SDKs from 2025 on send one every 20 seconds and expect an answer."""
    assert answer(Profile.CURRENT, '{"type":"ping"}') == b'{"type":"pong"}'
    assert b"type is not valid" in answer(Profile.BENCH2021, '{"type":"ping"}')


def test_a_missing_session_is_named_today_and_was_not_in_2021() -> None:
    """The texts differ between the generations."""
    message = '{"type":"authentication","data":{}}'
    assert b'"Payload is not valid. Session is required"' in answer(Profile.CURRENT, message)
    assert b'"Payload is not valid."' in answer(Profile.BENCH2021, message)


@given(st.one_of(st.text(), st.binary()), st.sampled_from(Profile))
def test_every_message_gets_one_answer(message: str | bytes, profile: Profile) -> None:
    """Clients are not trusted: whatever they send, the worker goes on."""
    assert json.loads(answer(profile, message))["type"] in {"error", "pong"}
