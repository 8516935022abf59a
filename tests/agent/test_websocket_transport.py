"""A session in a WebSocket must be the same session, or the transport would be tested.

Here too: what is put aside while a user is elsewhere.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from websockets.sync.server import ServerConnection

from pytsung.plan import (
    ChangeType,
    ConnectionOptions,
    RateLimit,
    RequestStep,
    ThinkTime,
    TlsOptions,
    Transport,
    WebSocketOptions,
)
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.fs.room import FileRoom
from pytsung.protocols.local import FileAction
from tests import servers
from tests.agent.peers import RAW, datagrams, raw, tell, websocket_server
from tests.agent.test_live_user import LIMIT, ONCE, counted, live
from tests.user.stage import OpenRecorder, ask

# -- WebSocket ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def in_websocket(
    port: int,
    *steps: RequestStep | ThinkTime | ChangeType,
    websocket: WebSocketOptions | None = None,
    **more: object,
) -> OpenRecorder:
    options = more.pop("options", ConnectionOptions())
    assert isinstance(options, ConnectionOptions)
    options = replace(options, websocket=websocket or WebSocketOptions())
    more.setdefault("transport", Transport.WEBSOCKET)
    return live(port, *steps, room=RAW, options=options, **more)  # type: ignore[arg-type]  # words by name


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("secure", [False, True])
def test_a_session_in_a_websocket(server_tls: ssl.SSLContext, secure: bool, host: str) -> None:
    """Payloads alone are counted; the goodbye is Tsung's."""
    seen: list[object] = []

    def handler(connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        seen.append((request.path, request.headers["Origin"], request.headers["Host"]))
        for message in connection:
            seen.append(message)
            connection.send(b"pong" if isinstance(message, bytes) else "text")
        seen.append((connection.close_code, connection.close_reason))

    with websocket_server(handler, server_tls if secure else None, host) as port:
        recorder = in_websocket(
            port, raw("one"), ThinkTime(0.02), raw("two"), host=host,
            transport=Transport.WEBSOCKET_TLS if secure else Transport.WEBSOCKET,
        )  # fmt: skip
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    assert seen == [("/chat", host, shown), b"one", b"two", (1000, "close")]
    assert counted(recorder) == {}
    assert recorder.connections_opened == 1
    assert len(recorder.seen["request"]) == 2
    assert recorder.bytes_sent == len("onetwo")
    assert recorder.bytes_received == len("pongpong")


def test_options_of_the_websocket_are_sent() -> None:
    """Path, origin and subprotocols; text frames for servers that want them."""
    seen: list[object] = []

    def handler(connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        seen.append((request.path, request.headers["Origin"], connection.subprotocol))
        seen.append(connection.recv())
        connection.send("hello")

    options = WebSocketOptions("/ws?a=b", True, "mqtt, xmpp", "http://elsewhere")
    with websocket_server(handler, subprotocols=["xmpp"]) as port:
        recorder = in_websocket(port, raw("grüße"), websocket=options)
    assert seen == [("/ws?a=b", "http://elsewhere", "xmpp"), "grüße"]
    assert counted(recorder) == {}


def test_each_message_is_a_block() -> None:
    """Also where several come at once, or one comes in fragments; pings are no data."""

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send([b"frag", b"men", b"ted"])
        connection.ping().wait(LIMIT)
        connection.send(b"x" * 200_000)
        connection.send("pushed")
        connection.recv()

    with websocket_server(handler) as port:
        recorder = in_websocket(port, raw(), ThinkTime(0.3), bidirectional=True)
    assert counted(recorder) == {"async_unknown_data_rcv": 2}
    assert recorder.bytes_received == len("fragmented") + 200_000 + len("pushed")


def test_a_message_without_an_ack_waits_for_the_upgrade() -> None:
    """Otherwise the session would be over before its only message was sent."""
    seen: list[object] = []

    def handler(connection: ServerConnection) -> None:
        seen.extend(connection)

    with websocket_server(handler) as port:
        recorder = in_websocket(port, tell("one"), tell("two"))
        assert counted(recorder) == {"request_noack": 2}
    assert seen == [b"one", b"two"]


def test_the_server_says_goodbye() -> None:
    """The next request is made on another WebSocket, with a handshake of its own."""

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(b"once")

    with websocket_server(handler) as port:
        recorder = in_websocket(port, raw(), ThinkTime(0.1), raw())
    assert counted(recorder) == {}
    assert recorder.connections_opened == 2
    assert len(recorder.seen["request"]) == 2


@pytest.mark.parametrize("data", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"220 mail.example ESMTP\r\n"])
def test_a_server_that_does_not_agree(data: bytes) -> None:
    """Tsung's user crashes; ours counts Tsung's own word for it, and tries again."""

    def refuse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        servers.stay_silent(connection)

    with servers.serving(refuse) as port:
        recorder = in_websocket(port, raw(), options=ConnectionOptions(max_retries=1))
    assert counted(recorder) == {
        "error_send_no_ws_connection": 2,
        "error_abort_max_send_retries": 1,
    }
    assert recorder.connections_opened == recorder.connections_closed == 2
    assert recorder.bytes_sent == 0


def test_a_server_that_hangs_up_in_the_handshake() -> None:
    """As any connection that was closed before a request went out."""
    with servers.serving(servers.hang_up) as port:
        recorder = in_websocket(port, raw(), options=ONCE)
    assert counted(recorder) == {
        "error_send_connection_closed": 1,
        "error_abort_max_send_retries": 1,
    }


def test_a_server_that_does_not_answer_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty seconds in Tsung; less here, for the test's sake."""
    monkeypatch.setattr("pytsung.agent.layered.UPGRADE_TIMEOUT", 0.1)
    with servers.serving(servers.stay_silent) as port:
        recorder = in_websocket(port, raw(), options=ConnectionOptions(max_retries=1))
    assert counted(recorder) == {"error_send_timeout": 2, "error_abort_max_send_retries": 1}


def test_a_server_that_breaks_the_rules() -> None:
    """It is told so, and the user ends under the name that WebSocket sessions have for it."""
    told: list[bytes] = []

    def mask(connection: socket.socket) -> None:
        servers.upgrade(connection)
        connection.recv(65536)
        connection.sendall(b"\x82\x81\x00\x00\x00\x00x")
        told.append(connection.recv(65536))

    with servers.serving(mask) as port:
        recorder = in_websocket(port, raw())
    assert counted(recorder) == {"error_websocket_protocol": 1}
    assert told[0][:2] == b"\x88\x82"


def test_a_refused_port_is_a_failed_connect() -> None:
    """The WebSocket changes nothing about that."""
    with servers.refusing() as port:
        recorder = in_websocket(port, raw(), options=ONCE)
    assert counted(recorder) == {
        "error_connect_econnrefused": 1,
        "error_abort_max_conn_retries": 1,
    }


def test_tls_options_hold_below_a_websocket(server_tls: ssl.SSLContext) -> None:
    """Tsung ignores them there; an alert has its name in the counter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    options = ConnectionOptions(max_retries=0, tls=TlsOptions(versions=("tlsv1.2",)))
    with websocket_server(lambda connection: None, context) as port:
        recorder = in_websocket(port, raw(), options=options, transport=Transport.WEBSOCKET_TLS)
    assert counted(recorder) == {
        "error_connect_tls_protocol_version": 1,
        "error_abort_max_conn_retries": 1,
    }


def test_a_rate_limit_holds_messages_in_their_order() -> None:
    """What comes with a message that has to wait, waits behind it."""

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(b"first" * 1000 + b"\n")
        connection.send(b"second\n")
        connection.recv()

    limited = ConnectionOptions(rate_limit=RateLimit(20_000.0, 1000.0))
    with websocket_server(handler) as port:
        recorder = live(
            port, ask("a"), ThinkTime(0.3), transport=Transport.WEBSOCKET, options=limited
        )
    assert counted(recorder)["line_answered"] == 1
    assert recorder.bytes_received == 5000 + len("\nsecond\n")
    assert min(recorder.seen["request"]) > 0.1


# -- changes of type ---------------------------------------------------------------------


def go(port: int, transport: Transport, **words: bool) -> ChangeType:
    return ChangeType("ts_raw", "127.0.0.1", str(port), transport, **words)


def test_a_websocket_put_aside_stays_open() -> None:
    """A server that pings, and hears nothing, hangs up: it is answered meanwhile."""
    heard: list[object] = []

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(b"one")
        heard.append(connection.ping().wait(LIMIT))
        connection.send(b"thrown away")
        heard.append(connection.recv())
        connection.send(b"two")

    with websocket_server(handler) as port, datagrams(lambda data: [data]) as other:
        recorder = in_websocket(
            port,
            raw("a"),
            go(other.port, Transport.UDP, store=True),
            raw("by datagram"),
            ThinkTime(0.2),
            go(port, Transport.WEBSOCKET, restore=True),
            raw("b"),
        )
        assert other.seen == [b"by datagram"]
    assert heard == [True, b"b"]
    assert counted(recorder) == {}
    assert recorder.connections_opened == 2
    assert len(recorder.seen["request"]) == 3


def test_errands_between_two_requests(tmp_path: Path) -> None:
    """Away to files and back: the connection is kept if it is stored, and nothing else is."""
    note = FileRequest(FileAction.WRITE, str(tmp_path / "a"), size="5")
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        while data := connection.recv(100):
            connection.sendall(data)

    for store in (True, False):
        connections.clear()
        with servers.serving(serve) as port:
            recorder = live(
                port,
                raw("one"),
                ChangeType("ts_fs", "h", "0", Transport.LOCAL, store=store),
                RequestStep(note),
                go(port, Transport.TCP, restore=store, store=store),
                raw("two"),
                room=RAW,
                rooms=[RAW, FileRoom()],
            )
        assert len(connections) == (1 if store else 2)
        assert counted(recorder) == {}
        assert len(recorder.seen["request"]) == 3
        assert recorder.bytes_sent == len("one") + 5 + len("two")
