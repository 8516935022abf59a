"""The handshake decides whether a user is connected at all; servers write it in many ways."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.websocket import handshake

# RFC 6455, 1.3
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def answer(*lines: str, start: str = "HTTP/1.1 101 Switching Protocols") -> bytes:
    return "\r\n".join((start, *lines, "", "")).encode("latin-1")


GOOD = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT.decode()}")


def test_the_example_of_the_rfc() -> None:
    """The one pair of key and answer that the RFC prints."""
    assert handshake.accept_of(KEY) == ACCEPT


def test_keys_are_sixteen_random_bytes() -> None:
    """RFC 6455, 4.1: chosen anew for each connection."""
    random = Random(1)
    keys = {handshake.make_key(random) for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == handshake.KEY_LENGTH for key in keys)


def test_the_request_is_tsungs_byte_for_byte() -> None:
    """Servers and captures that were tuned to Tsung see the same bytes."""
    template = handshake.request_template(
        "h", "/p?q=é", origin="o", headers=[("X-One", "1"), ("x-two", "2")], subprotocols="a, b"
    )
    assert (
        template.fill(KEY)
        == (
            "GET /p?q=é HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Origin: o\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nX-One: 1\r\nx-two: 2\r\n"
            "Sec-WebSocket-Protocol: a, b\r\n\r\n"
        ).encode()
    )


def test_both_ends_agree() -> None:
    """Our server accepts our client, and our client our server."""
    request = handshake.request_template("h", "/p", origin="o").fill(KEY)
    head = handshake.read_request(request + b"more")
    assert head is not None
    assert head.is_upgrade_request
    assert (head.target, head.key, head.size) == ("/p", KEY, len(request))
    response = handshake.response_template([("Server", "x")]).fill(handshake.accept_of(head.key))
    reply = handshake.read_response(response)
    assert reply is not None
    assert reply.is_agreement(ACCEPT)
    assert reply.headers["server"] == "x"


@pytest.mark.parametrize(
    "response",
    [
        answer(*GOOD),
        answer(*GOOD, start="HTTP/1.1 101"),
        answer("upgrade: WebSocket", "CONNECTION: keep-alive, Upgrade", GOOD[2]),
        answer("Upgrade:websocket", "Connection:upgrade", GOOD[2].replace(": ", ":\t ")),
        answer("Date: Mon", "X:", *GOOD, "X: twice"),
        answer("Connection: keep-alive", "Connection: upgrade", GOOD[0], GOOD[2]),
    ],
)
def test_agreements_in_every_lawful_spelling(response: bytes) -> None:
    """Tsung fails users on `keep-alive, Upgrade`, and crashes on a header without a space."""
    head = handshake.read_response(response)
    assert head is not None
    assert head.is_agreement(ACCEPT)


@pytest.mark.parametrize(
    "response",
    [
        answer(*GOOD, start="HTTP/1.1 200 OK"),
        answer(*GOOD, start="HTTP/1.0 101 Switching Protocols"),
        answer(*GOOD[:2]),
        answer(*GOOD[:2], "Sec-WebSocket-Accept: " + ACCEPT.decode().lower()),
        answer(*GOOD[1:]),
        answer(GOOD[0], GOOD[2]),
        answer("Upgrade: websockets", *GOOD[1:]),
        answer(GOOD[0], "Connection: close", GOOD[2]),
    ],
)
def test_what_is_no_agreement(response: bytes) -> None:
    """Each is a complete head that a client must not take (RFC 6455, 4.1)."""
    head = handshake.read_response(response)
    assert head is not None
    assert not head.is_agreement(ACCEPT)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"\x16\x03\x01",
        answer("no colon here"),
        answer("bad name : x"),
        answer(" folded: line"),
        answer("A: bare\nfeed: x"),
        answer("A: bare\rreturn", "B: x"),
        b"HTTP/1.1 101 " + b"x" * handshake.MAX_HEAD_BYTES,
    ],
)
def test_what_is_no_response_at_all(data: bytes) -> None:
    """Garbage, or an endless head: refused at once rather than after a timeout."""
    with pytest.raises(RemoteProtocolError):
        handshake.read_response(data)


@pytest.mark.parametrize("data", [b"GET / HTTP/2\r\n\r\n", b"hello\r\n\r\n", b"x" * 64000])
def test_what_is_no_request(data: bytes) -> None:
    """The same for the server's end."""
    with pytest.raises(RemoteProtocolError):
        handshake.read_request(data)


def test_a_request_that_asks_for_something_else() -> None:
    """A plain GET, a wrong method, version or key is read, and is no upgrade."""
    good = handshake.request_template("h", "/", origin="o").fill(KEY)
    for old, new in (
        (b"GET", b"POST"),
        (b"Version: 13", b"Version: 8"),
        (KEY, b"short"),
        (b"Connection: Upgrade", b"Connection: close"),
        (b"Upgrade: websocket", b"Upgrade: h2c"),
    ):
        head = handshake.read_request(good.replace(old, new))
        assert head is not None
        assert not head.is_upgrade_request


def test_a_head_has_a_limit() -> None:
    """A limit counts the head alone, not what follows it in the same block."""
    request = handshake.request_template("h", "/", origin="o").fill(KEY)
    assert handshake.read_request(request + b"x" * 100, limit=len(request)) is not None
    with pytest.raises(RemoteProtocolError):
        handshake.read_request(request + b"x" * 100, limit=len(request) - 1)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_raises_nothing_else(data: bytes, is_response: bool) -> None:
    """A hostile peer must not reach the code that called."""
    data = (b"HTTP/1.1 " if is_response else b"GET / HTTP/1.1\r\n") + data
    try:
        head = handshake.read_response(data) if is_response else handshake.read_request(data)
    except RemoteProtocolError:
        return
    assert head is None or (head.size <= len(data) and not head.is_agreement(ACCEPT))


@given(st.integers(0, 200))
def test_a_head_may_come_in_pieces(cut: int) -> None:
    """Tsung crashes when a head takes two blocks."""
    response = answer(*GOOD)
    head = handshake.read_response(response[:cut])
    assert (head is None) == (cut < len(response))
