"""Knowing a lone message at a glance: the glance must never see what the codec does not."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytsung.protocols.websocket.codec import FrameError, WebSocketCodec
from pytsung.protocols.websocket.events import Opcode, Role, TextMessage
from pytsung.protocols.websocket.frames import frame, lone_text

SIZES = [0, 1, 124, 125, 126, 127, 128, 255, 256, 4000, 65535]


@pytest.mark.parametrize("size", SIZES)
def test_a_lone_message_is_known(size: int) -> None:
    """At every border of the three forms of a length, up to the longest that is read at once."""
    payload = b"x" * size
    assert lone_text(frame(Opcode.TEXT, payload)) == payload


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        frame(Opcode.TEXT, b"x" * 65536),  # the codec's
        frame(Opcode.TEXT, b"\xc3\xa9"),
        frame(Opcode.BINARY, b"x"),
        frame(Opcode.TEXT, b"x") + b"\x81",
        frame(Opcode.TEXT, b"x" * 300)[:-1],
        b"\x81\x7e\x00\x7d" + b"x" * 125,  # not the shortest form
        b"\x81\x7e\x00\x01x",
        b"\x01\x01x",
        b"\x81\x81\x00\x00\x00\x00x",
    ],
)
def test_all_else_is_for_the_codec(data: bytes) -> None:
    """Two frames, half of one, other languages, broken rules."""
    assert lone_text(data) is None


@given(
    st.one_of(
        st.binary(max_size=300).map(lambda data: b"\x81" + data),
        st.binary(max_size=300),
        st.builds(lambda size, n: b"\x81\x7e" + size + b"x" * n, st.binary(max_size=2), st.just(9)),
    )
)
@example(b"\x81\x7e\x00\x7e" + b"x" * 126)
def test_what_it_knows_is_what_the_codec_reads(data: bytes) -> None:
    """Whatever a server sends; a difference would be an answer that nobody gave."""
    payload = lone_text(data)
    if payload is None:
        return
    codec = WebSocketCodec(Role.CLIENT, random=Random(1))
    try:
        events = codec.feed(data)
    except FrameError as error:
        raise AssertionError("the codec takes it for broken") from error
    assert events == [TextMessage(payload.decode())]
    assert codec.is_idle
