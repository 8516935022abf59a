"""A WebSocket below another protocol: whatever way its bytes come in, the blocks are the same."""

from __future__ import annotations

import ssl
from random import Random

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from pytsung.agent.websocket_layer import PROTOCOL_ERROR, REFUSED, WebSocketLayer
from pytsung.plan import Endpoint, Transport, WebSocketOptions
from pytsung.protocols.websocket.codec import WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    Opcode,
    Ping,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import frame
from pytsung.protocols.websocket.handshake import accept_of, read_request
from pytsung.reactor.tls import TlsLayer

TARGET = Endpoint("target", 80, Transport.WEBSOCKET)


def begun(
    options: WebSocketOptions | None = None, below: TlsLayer | None = None
) -> tuple[WebSocketLayer, bytes]:
    """A layer that has asked for its upgrade, and the server's agreement."""
    layer = WebSocketLayer(TARGET, options or WebSocketOptions(), Random(1), below)
    layer.start()
    if below is not None:
        return layer, b""
    return layer, agreement(layer.take())


def agreement(request: bytes) -> bytes:
    head = read_request(request)
    assert head is not None
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Accept: " + accept_of(head.key) + b"\r\n\r\n"
    )


def messages_in(data: bytes) -> list[object]:
    return list(WebSocketCodec(Role.SERVER).feed(data))


FRAMES = (
    frame(Opcode.BINARY, b"one")
    + frame(Opcode.PING, b"there?")
    + b"\x01\x02tw\x80\x01o"  # a text in two fragments
    + frame(Opcode.BINARY, b"")
    + frame(Opcode.BINARY, b"x" * 300)
)
BLOCKS = [b"one", b"two", b"", b"x" * 300]


@given(st.lists(st.integers(0, 700), max_size=8))
def test_any_pieces_give_the_same_blocks(cuts: list[int]) -> None:
    """Handshake and frames, split anywhere; Tsung's users hang on half of it."""
    layer, answer = begun()
    data = answer + FRAMES
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    blocks: list[bytes] = []
    at = 0
    for end in ends:
        if end > at:
            blocks += layer.blocks(data[at:end])
        at = end
    assert blocks == BLOCKS
    assert layer.is_open
    assert not layer.closed
    assert not layer.fault
    (pong,) = messages_in(layer.take())
    assert pong.payload == b"there?"  # type: ignore[attr-defined]


def test_what_is_sent_before_the_upgrade_waits_for_it() -> None:
    """In order, each as a frame of its own; the connection stands from the first."""
    layer, answer = begun()
    assert layer.established
    assert not layer.is_open
    layer.send(b"one")
    layer.send(b"two")
    assert layer.take() == b""
    layer.blocks(answer)
    layer.send(b"three")
    sent = messages_in(layer.take())
    assert sent == [BinaryMessage(b"one"), BinaryMessage(b"two"), BinaryMessage(b"three")]


def test_text_frames_and_the_goodbye() -> None:
    """The very bytes of Tsung's: status 1000, reason `close`; said once."""
    layer, answer = begun(WebSocketOptions(is_text=True))
    layer.blocks(answer)
    layer.send(b"hello")
    layer.close()
    assert messages_in(layer.take()) == [TextMessage("hello"), Close(1000, "close")]
    silent, _ = begun()
    silent.close()
    assert silent.take() == b""


def test_a_close_frame_is_answered() -> None:
    """And what follows it is nobody's (RFC 6455, 1.4)."""
    layer, answer = begun()
    blocks = layer.blocks(answer + frame(Opcode.CLOSE, b"\x03\xe8") + frame(Opcode.TEXT, b"late"))
    assert blocks == []
    assert layer.closed
    assert messages_in(layer.take()) == [Close(1000, "")]
    assert layer.blocks(frame(Opcode.TEXT, b"later")) == ()
    layer.close()
    assert layer.take() == b""


def test_messages_before_a_fault_still_count() -> None:
    """The rule was broken after them."""
    layer, answer = begun()
    assert layer.blocks(answer + frame(Opcode.TEXT, b"fine") + b"\xf1\x00") == [b"fine"]
    assert layer.fault == PROTOCOL_ERROR
    (goodbye,) = messages_in(layer.take())
    assert isinstance(goodbye, Close)
    assert goodbye.code == 1002


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\r\n\r\n"
        ),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 101" + b" " * 70_000,
    ],
)
def test_anything_but_an_agreement_is_a_refusal(answer: bytes) -> None:
    """Also one that is a right answer to somebody else, or never ends."""
    layer, _ = begun()
    assert layer.blocks(answer) == ()
    assert layer.fault == REFUSED
    assert not layer.is_open


def test_the_end_of_the_stream() -> None:
    """Is the end here, whether the handshake was over or not."""
    for has_agreed in (False, True):
        layer, answer = begun()
        if has_agreed:
            layer.blocks(answer)
        layer.blocks(b"")
        assert layer.closed


def test_over_tls() -> None:
    """Three layers, none of which has heard of the others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("target").configure_cert(context)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    server = TlsLayer(context, server_side=True)
    layer, _ = begun(below=TlsLayer(trusting))
    layer.send(b"hello")
    heard = server.feed(layer.take())
    while not heard:
        assert not layer.is_open
        layer.blocks(server.take())
        heard = server.feed(layer.take())
    assert layer.established
    server.send(agreement(heard) + frame(Opcode.BINARY, b"first"))
    assert layer.blocks(server.take()) == [b"first"]
    assert messages_in(server.feed(layer.take())) == [BinaryMessage(b"hello")]
    layer.close()
    assert messages_in(server.feed(layer.take())) == [Close(1000, "close")]
    assert server.closed
    assert layer.session is not None


def test_a_ping_alone_is_no_block() -> None:
    """It is answered at once."""
    layer, answer = begun()
    layer.blocks(answer)
    codec = WebSocketCodec(Role.SERVER)
    assert layer.blocks(codec.send(Ping(b"x"))) == []
    assert len(messages_in(layer.take())) == 1
