"""The codec is what users and the bundled server talk through: it must read any bytes, cut
anywhere, and know right from wrong as RFC 6455 does."""

import itertools
import sys
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytsung.errors import LocalProtocolError
from pytsung.protocols.websocket.codec import STRICT, FrameError, Rules, WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    CloseCode,
    Event,
    Opcode,
    Ping,
    Pong,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import frame


def client(rules: Rules = STRICT) -> WebSocketCodec:
    return WebSocketCodec(Role.CLIENT, random=Random(6455), rules=rules)


def server(rules: Rules = STRICT) -> WebSocketCodec:
    return WebSocketCodec(Role.SERVER, rules=rules)


def masked(opcode: int, payload: bytes, first: int | None = None) -> bytes:
    whole = frame(opcode, payload, Random(1))
    return whole if first is None else bytes([first]) + whole[1:]


def outcome(codec: WebSocketCodec, chunks: Iterable[bytes]) -> tuple[list[Event], int | None]:
    """What a codec gives for some chunks, and the close code of the fault that ended it."""
    events: list[Event] = []
    for chunk in chunks:
        try:
            events += codec.feed(chunk)
        except FrameError as error:
            return events + error.events, error.close_code
    return events, None


def cut(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    chunks = []
    position = 0
    for size in sizes:
        chunks.append(data[position : position + size])
        position += size
    chunks.append(data[position:])
    return [chunk for chunk in chunks if chunk]


texts = st.text(max_size=60)
events = st.one_of(
    texts.map(TextMessage),
    st.binary(max_size=60).map(BinaryMessage),
    st.integers(0, 2000).map(lambda size: BinaryMessage(b"ab\x00" * size)),
    st.binary(max_size=125).map(Ping),
    st.binary(max_size=125).map(Pong),
)
sizes = st.lists(st.integers(0, 70), max_size=40)


@st.composite
def masked_streams(draw: st.DrawFn) -> bytes:
    """Frames of a client, mostly right, sometimes wrong in one place, or just garbage."""
    random = Random(draw(st.integers(0, 2**32)))
    frames = []
    for _ in range(draw(st.integers(0, 6))):
        opcode = draw(st.sampled_from([0, 0, 0, 1, 1, 2, 8, 9, 10, 3]))
        payload = draw(st.binary(max_size=300) | texts.map(str.encode))
        whole = frame(opcode, payload[:125] if opcode >= 8 else payload, random)
        first = draw(st.sampled_from([0x80, 0x80, 0x80, 0x00, 0x00, 0xC0])) | opcode
        frames.append(bytes([first]) + whole[1:])
    return b"".join(frames) + draw(st.just(b"") | st.binary(max_size=30))


@given(st.lists(events, max_size=8), sizes, st.sampled_from(Role))
@settings(deadline=None)
def test_what_is_sent_is_what_is_read(sent: list[Event], sizes: list[int], role: Role) -> None:
    """In both directions, however the stream is cut."""
    sender, receiver = (client(), server()) if role is Role.CLIENT else (server(), client())
    stream = b"".join(sender.send(event) for event in sent)
    assert outcome(receiver, cut(stream, sizes)) == (sent, None)
    assert receiver.is_idle


@given(masked_streams(), sizes)
@settings(deadline=None)
@example(masked(1, b"ok") + masked(1, b"", 0xF1), [4, 3, 1])
@example(masked(1, b"\xed\xa0\x80"), [7, 1, 1])
@example(masked(1, b"\xf4", 0x01) + masked(0, b"\x90\x80\x80"), [9])
def test_any_cutting_gives_the_same_events(stream: bytes, sizes: list[int]) -> None:
    """Where TCP cuts says nothing; a fault must not swallow what came whole before it."""
    at_once = outcome(server(), [stream] if stream else [])
    assert outcome(server(), cut(stream, sizes)) == at_once
    assert outcome(server(), (stream[n : n + 1] for n in range(len(stream)))) == at_once


@given(st.lists(st.binary(max_size=200), max_size=5), st.sampled_from(Role), st.booleans())
@settings(deadline=None)
def test_garbage_raises_nothing_but_the_codecs_own_error(
    chunks: list[bytes], role: Role, lenient: bool
) -> None:
    """A hostile peer costs one user, not a worker."""
    rules = Rules(1000, lenient, lenient, lenient)
    codec = client(rules) if role is Role.CLIENT else server(rules)
    read, _ = outcome(codec, chunks)
    for event in read:
        if isinstance(event, (Ping, Close)):
            answer = codec.send(event.answer())
            assert len(answer) <= 131


def test_fragments_are_put_together_around_control_frames() -> None:
    """RFC 6455, 5.4: a ping may come in the middle of a message."""
    codec = server()
    stream = masked(1, b"con", 0x01) + masked(9, b"?") + masked(0, b"", 0x00) + masked(0, b"text")
    assert codec.feed(stream) == [Ping(b"?"), TextMessage("context")]
    assert codec.is_idle


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (masked(1, b"", 0xC1), CloseCode.PROTOCOL_ERROR),
        (masked(3, b""), CloseCode.PROTOCOL_ERROR),
        (masked(11, b""), CloseCode.PROTOCOL_ERROR),
        (frame(1, b"not masked"), CloseCode.PROTOCOL_ERROR),
        (masked(0, b"continues nothing"), CloseCode.PROTOCOL_ERROR),
        (masked(1, b"a", 0x01) + masked(1, b"b"), CloseCode.PROTOCOL_ERROR),
        (masked(9, b"", 0x09), CloseCode.PROTOCOL_ERROR),
        (masked(9, b"x" * 126), CloseCode.PROTOCOL_ERROR),
        (masked(8, b"\x03"), CloseCode.PROTOCOL_ERROR),
        (masked(8, (1005).to_bytes(2, "big")), CloseCode.PROTOCOL_ERROR),
        (masked(8, (1004).to_bytes(2, "big")), CloseCode.PROTOCOL_ERROR),
        (masked(8, (2999).to_bytes(2, "big")), CloseCode.PROTOCOL_ERROR),
        (masked(8, (5000).to_bytes(2, "big")), CloseCode.PROTOCOL_ERROR),
        (masked(8, b"\x03\xe8\xff"), CloseCode.INVALID_PAYLOAD),
        (masked(1, b"\xff"), CloseCode.INVALID_PAYLOAD),
        (masked(1, b"\xc3"), CloseCode.INVALID_PAYLOAD),
        (masked(1, b"\xc3", 0x01) + masked(0, b""), CloseCode.INVALID_PAYLOAD),
        (b"\x82\xfe\x00\x7dMASK", CloseCode.PROTOCOL_ERROR),
        (b"\x82\xff\x00\x00\x00\x00\x00\x00\xff\xffMASK", CloseCode.PROTOCOL_ERROR),
        (b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00MASK", CloseCode.PROTOCOL_ERROR),
        (b"\x82\xff\x7f\x00\x00\x00\x00\x00\x00\x00MASK", CloseCode.MESSAGE_TOO_BIG),
    ],
)
def test_a_broken_rule_names_its_close_code(stream: bytes, code: CloseCode) -> None:
    """The peer is told why; each line is a rule of RFC 6455 that a strict end must hold."""
    before = masked(2, b"whole")
    codec = server()
    assert outcome(codec, [before + stream]) == ([BinaryMessage(b"whole")], code)
    assert codec.feed(masked(2, b"too late")) == []
    assert codec.send(Close(code))


def test_a_client_refuses_masked_frames() -> None:
    """RFC 6455, 5.1; Tsung would wait for ever."""
    assert outcome(client(), [masked(1, b"x")]) == ([], CloseCode.PROTOCOL_ERROR)


def test_text_that_cannot_become_utf8_is_refused_before_its_end() -> None:
    """Fail fast: a peer that is wrong at the start need not be read to the end."""
    stream = masked(1, b"\xc0" + b"x" * 1000)
    with pytest.raises(FrameError) as caught:
        server().feed(stream[:20])
    assert caught.value.close_code == CloseCode.INVALID_PAYLOAD


def test_a_limit_holds_before_the_message_is_there() -> None:
    """A promise of 2**40 bytes must cost nothing; fragments are added up."""
    rules = Rules(max_message_bytes=100)
    head = b"\x82\xff" + (2**40).to_bytes(8, "big") + b"MASK"
    assert outcome(server(rules), [head]) == ([], CloseCode.MESSAGE_TOO_BIG)
    parts = masked(2, b"x" * 60, 0x02) + masked(0, b"x" * 41)[:6]
    assert outcome(server(rules), [parts]) == ([], CloseCode.MESSAGE_TOO_BIG)
    just_fits = masked(2, b"x" * 60, 0x02) + masked(0, b"x" * 40)
    assert outcome(server(rules), [just_fits]) == ([BinaryMessage(b"x" * 100)], None)
    assert outcome(server(rules), [masked(2, b"x" * 101)]) == ([], CloseCode.MESSAGE_TOO_BIG)


def test_leniencies_are_each_by_name() -> None:
    """What the realtime service tolerates must not weaken anybody else."""
    assert server(Rules(accept_unmasked=True)).feed(frame(1, b"a")) == [TextMessage("a")]
    unknown = Rules(ignore_unknown_opcodes=True)
    stream = masked(3, b"x" * 300) + masked(1, b"a")
    assert outcome(server(unknown), cut(stream, [5, 100])) == ([TextMessage("a")], None)
    codec = server(Rules(any_close_code=True))
    (event,) = codec.feed(masked(8, b"\x00\x05why"))
    assert event == Close(5, "why")
    assert codec.send(event) == frame(8, b"\x00\x05why")


def test_nothing_follows_a_close_frame() -> None:
    """RFC 6455, 5.5.1, for both directions."""
    codec = server()
    assert codec.feed(masked(8, b"\x03\xe8bye") + masked(1, b"late")) == [Close(1000, "bye")]
    assert codec.feed(masked(1, b"later")) == []
    assert codec.feed(b"") == []
    assert codec.send(Close(1000)) == frame(8, b"\x03\xe8")
    for event in (TextMessage("x"), Ping(), Pong(), Close()):
        with pytest.raises(LocalProtocolError):
            codec.send(event)


def test_the_end_of_the_stream_is_an_abnormal_close() -> None:
    """RFC 6455, 7.1.5: code 1006, never on the wire, in the middle of a message too."""
    codec = server()
    codec.feed(masked(1, b"half", 0x01))
    (event,) = codec.feed(b"")
    assert event == Close(CloseCode.ABNORMAL)
    assert codec.send(event.answer()) == frame(8, b"")
    assert codec.feed(b"") == []


@pytest.mark.parametrize(
    "event",
    [
        Close(CloseCode.ABNORMAL),
        Close(999),
        Close(5000),
        Close(CloseCode.NO_STATUS, "a reason needs a code"),
        Close(1000, "x" * 124),
        Ping(b"x" * 126),
        Pong(b"x" * 126),
        TextMessage("half a pair: \ud800"),
        Close(1000, "\udfff"),
    ],
)
def test_what_would_break_the_rules_is_not_sent(event: Event) -> None:
    """Our own mistakes are ours, and leave the connection as it was."""
    codec = server()
    with pytest.raises(LocalProtocolError):
        codec.send(event)
    assert codec.is_idle


def test_lengths_are_written_in_their_shortest_form() -> None:
    """RFC 6455, 5.2; and `size_sent` counts these bytes."""
    lengths = {0: 2, 125: 2, 126: 4, 65535: 4, 65536: 10}
    for size, head in lengths.items():
        assert len(server().send(BinaryMessage(b"x" * size))) == head + size
        assert len(client().send(BinaryMessage(b"x" * size))) == head + 4 + size


def test_masks_differ_from_frame_to_frame() -> None:
    """RFC 6455, 5.3: a key that can be foretold protects no proxy."""
    codec = client()
    keys = {codec.send(TextMessage("same"))[2:6] for _ in range(50)}
    assert len(keys) == 50


def test_an_idle_connection_is_one_small_object() -> None:
    """A server holds this for every one of a million connections."""
    codec = server()
    codec.feed(masked(1, b"x", 0x01))
    codec.feed(masked(0, b"y")[:1])
    codec.feed(masked(0, b"y")[1:])
    held = [getattr(codec, name) for name in WebSocketCodec.__slots__]
    own = [part for part in held if part not in (None, 0, b"") and not isinstance(part, Rules)]
    assert own == []
    assert sys.getsizeof(codec) <= 80


def test_a_client_needs_a_source_of_masks_and_a_server_none() -> None:
    """A wrong role would be noticed by the peer only."""
    with pytest.raises(ValueError, match="masks"):
        WebSocketCodec(Role.CLIENT)
    with pytest.raises(ValueError, match="masks"):
        WebSocketCodec(Role.SERVER, random=Random(1))


def test_a_long_message_may_come_byte_by_byte() -> None:
    """A slow drip; what is kept meanwhile is a byte for a byte, not an object for each."""
    message = b"x" * 20_000
    stream = masked(Opcode.BINARY, message)
    codec = server()
    read = list(itertools.chain.from_iterable(codec.feed(bytes([byte])) for byte in stream))
    assert read == [BinaryMessage(message)]
