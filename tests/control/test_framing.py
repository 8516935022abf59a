"""Frames on the control channel: cut anywhere by pipes and SSH, they must come out whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.control import framing
from pytsung.control.framing import MAX_FRAME, FrameDecoder, frame
from pytsung.errors import AgentError


def fed(stream: bytes, cuts: list[int]) -> list[bytes]:
    """What a decoder makes of a stream that comes in pieces."""
    decoder = FrameDecoder()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    found = []
    for start, end in pairwise(edges):
        found += decoder.feed(stream[start:end])
    assert decoder.feed(frame(b"next")) == [b"next"]  # nothing of the stream is left over
    return found


@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(0, 3000)))
def test_any_cutting_gives_the_same_frames(bodies: list[bytes], cuts: list[int]) -> None:
    """Where a read ends is chance."""
    assert fed(b"".join(map(frame, bodies)), cuts) == bodies


def test_an_impossible_length_is_refused_at_once() -> None:
    """A shell's banner read as a length would make us wait for, and keep, gigabytes."""
    with pytest.raises(AgentError, match="not a pytsung agent"):
        FrameDecoder().feed(b"Welcome to Ubuntu")
    assert FrameDecoder().feed(MAX_FRAME.to_bytes(4, "big")) == []


def test_a_message_over_the_limit_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The far end would refuse it; better to say so here."""
    monkeypatch.setattr(framing, "MAX_FRAME", 5)
    assert framing.frame(b"12345") == b"\0\0\0\x0512345"
    with pytest.raises(AgentError, match="6 bytes is over the limit of 5"):
        framing.frame(b"123456")
