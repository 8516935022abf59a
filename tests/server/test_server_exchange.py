"""What stands on the wire between a client and a running server, byte for byte."""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest

from tests.server.running import (
    FIRST_FRAME_2021,
    HEAD,
    RawClient,
    RunningServer,
    masked,
    request,
)


def test_the_benchmark_of_2021_exchanges_213_and_248_bytes(bench2021: RunningServer) -> None:
    """Published traffic divided by connections is 213.0 and 248.0; ours must reconcile too."""
    with bench2021.client() as client:
        client.send(request())
        answer = client.socket.recv(4096)  # one write: all of it comes at once
        assert len(request()) == 213
        assert len(answer) == 248
        assert answer == HEAD + FIRST_FRAME_2021


def test_every_client_of_the_benchmark_gets_the_same_frame(bench2021: RunningServer) -> None:
    """The second client is answered from what the first one's head was found to mean."""
    for _ in range(3):
        with bench2021.client() as client:
            client.send(request())
            assert client.read(248) == HEAD + FIRST_FRAME_2021


def test_the_profile_of_today_adds_a_subscription_of_its_own_for_each(
    current: RunningServer,
) -> None:
    """SDKs tell their subscriptions apart by these ids: 20 hexadecimal digits, never twice."""
    ids = set()
    for _ in range(3):
        with current.client() as client:
            message = client.upgrade()
            (one,) = message["data"].pop("subscriptions")
            assert message == {"type": "connected", "data": {"channels": ["files"], "user": None}}
            assert len(one) == 20
            assert int(one, 16) >= 0
            ids.add(one)
    assert len(ids) == 3


def test_the_first_message_of_today_has_103_bytes_and_its_keys_in_order(
    current: RunningServer,
) -> None:
    """Byte counts of a load test depend on it."""
    with current.client() as client:
        client.send(request())
        assert client.read_head() == HEAD
        _, payload = client.read_frame()
        assert len(payload) == 103
        assert payload.startswith(
            b'{"type":"connected","data":{"channels":["files"],"subscriptions":["'
        )
        assert payload.endswith(b'"],"user":null}}')


def test_without_channels_today_says_so_in_74_bytes(current: RunningServer) -> None:
    """SDKs from 25 on connect like this and subscribe afterwards."""
    with current.client() as client:
        client.send(request("/v1/realtime?project=console"))
        client.read_head()
        assert client.read_frame() == (
            1,
            b'{"type":"connected","data":{"channels":[],"subscriptions":[],"user":null}}',
        )


@pytest.mark.parametrize(
    ("profile", "target", "code", "close", "text"),
    [
        ("bench2021", "/?project=console", 1008, 1008, "Missing channels"),
        ("bench2021", "/?channels[]=a", 1008, 1008, "Missing or unknown project ID"),
        ("current", "/?channels[]=a", 1008, 1008, "Missing or unknown project ID"),
        ("current", "/?project=nobody", 1008, 1008, "Missing or unknown project ID"),
        ("current", "/?project=console&channels=a", 0, 1011, "Error: Server Error"),
    ],
)
def test_who_may_not_stay_is_upgraded_told_and_closed(
    request: pytest.FixtureRequest, profile: str, target: str, code: int, close: int, text: str
) -> None:
    """SDKs stop reconnecting only if they see the upgrade, the error and the close code."""
    server: RunningServer = request.getfixturevalue(profile)
    with server.client() as client:
        assert client.upgrade(target) == {"type": "error", "data": {"code": code, "message": text}}
        assert client.read_frame() == (8, close.to_bytes(2, "big"))
        assert client.read_all() == b""


def test_today_the_project_may_stand_in_a_header(current: RunningServer) -> None:
    """Browsers' SDKs put it in the query, server-side ones in the header."""
    with current.client() as client:
        assert client.upgrade("/v1/realtime", "X-Appwrite-Project: console")["type"] == "connected"


def test_a_head_in_small_pieces_is_answered_like_a_whole_one(bench2021: RunningServer) -> None:
    """Networks cut where they like."""
    data = request()
    for size in (1, 7, 100, 211, 212):
        with bench2021.client() as client:
            for start in range(0, len(data), size):
                client.send(data[start : start + size])
            assert client.read(248) == HEAD + FIRST_FRAME_2021


def test_pings_are_answered_with_their_payload(bench2021: RunningServer) -> None:
    """Proxies and browsers close connections whose pings get no pong."""
    with bench2021.client() as client:
        client.upgrade()
        client.send(masked(9, b"are you there?") + masked(9, b""))
        assert client.read_frame() == (10, b"are you there?")
        assert client.read_frame() == (10, b"")


def test_a_close_frame_is_echoed_before_the_connection_ends(bench2021: RunningServer) -> None:
    """A client that closes well must see that it did (RFC 6455, 7.1.5)."""
    with bench2021.client() as client:
        client.upgrade()
        client.send(masked(8, b"\x03\xe8bye"))
        assert client.read_all() == b"\x88\x05\x03\xe8bye"


def test_a_close_code_that_nobody_may_send_is_echoed_without_it(current: RunningServer) -> None:
    """Old SDKs send codes of their own; they still end in peace."""
    with current.client() as client:
        client.upgrade()
        client.send(masked(8, b"\x03\xed"))  # 1005
        assert client.read_all() == b"\x88\x00"


def test_frames_that_come_with_the_head_are_answered(current: RunningServer) -> None:
    """A client need not wait for our answer in order to be understood."""
    with current.client() as client:
        client.send(request() + masked(1, b'{"type":"ping"}'))
        assert client.read_head() == HEAD
        assert client.read_json()["type"] == "connected"
        assert client.read_frame() == (1, b'{"type":"pong"}')


def test_unmasked_frames_are_taken(current: RunningServer) -> None:
    """The original tolerates them, and some load generators send them."""
    with current.client() as client:
        client.upgrade()
        client.send(b'\x81\x0f{"type":"ping"}')
        assert client.read_frame() == (1, b'{"type":"pong"}')


def test_text_that_is_not_utf8_is_closed_with_1007(current: RunningServer) -> None:
    """RFC 6455, 8.1."""
    with current.client() as client:
        client.upgrade()
        client.send(masked(1, b"\xed\xa0\x80"))
        assert client.read_all() == b"\x88\x02\x03\xef"


def test_a_message_of_the_limit_is_read_and_one_byte_more_drops_the_client(
    current: RunningServer,
) -> None:
    """Swoole drops such a connection without a close frame; clients see 1006."""
    with current.client() as client:
        client.upgrade()
        client.send(masked(1, b'{"type":"ping"}'.ljust(64_000)))
        assert client.read_frame() == (1, b'{"type":"pong"}')
        client.send(masked(1, b'{"type":"ping"}'.ljust(64_001)))
        assert client.read_all() == b""


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/realtime HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        request().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        request().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"abc\r\nX-Other: 12345678901"[:24]),
        request().replace(b"Upgrade: websocket", b"Upgrade: h2c"),
        request().replace(b"GET ", b"PUT "),
        b"A line that is no request\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, towards a plain port
        b"\x00\xff\x00\xff",
    ],
)
def test_what_is_no_upgrade_gets_a_400_and_the_end(current: RunningServer, data: bytes) -> None:
    """Health checks, scanners and broken clients: an answer, and nothing left open."""
    with current.client() as client:
        client.send(data)
        answer = client.read_all()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n")
        assert len(body) == 83
    assert_serves(current)


def test_a_head_that_never_ends_is_cut_off_at_64000_bytes(current: RunningServer) -> None:
    """Or one client could fill the server's memory."""
    with current.client() as client:
        line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
        client.send(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                client.send(line)
        assert client.read_all() == b""
    assert_serves(current)


def test_a_client_that_resets_the_connection_is_forgotten(current: RunningServer) -> None:
    """A reset in any state costs that client, nobody else."""
    for data in (b"", request()[:50], request(), request() + masked(1, b"{")):
        client = RawClient(current.port)
        client.send(data)
        at_once = struct.pack("ii", 1, 0)  # closing sends a reset
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        client.socket.close()
    assert_serves(current)


def assert_serves(server: RunningServer) -> None:
    """Another client is served as if nothing had happened."""
    with server.client() as client:
        assert client.upgrade()["type"] == "connected"
