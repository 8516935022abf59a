"""Raw sessions by UDP, in WebSockets and over IPv6, against other people's servers and none.

What a transport does wrong is counted in the tester's own words, or a run says nothing.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest
import trustme
from websockets.sync.server import ServerConnection, serve

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
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.raw.room import RawRoom
from pytsung.protocols.room import Ack
from tests import servers
from tests.agent.test_live_user import LIMIT, ONCE, counted, live
from tests.user.stage import OpenRecorder, ask

RAW = RawRoom()
IMPATIENT = ConnectionOptions(idle_timeout=0.2, max_retries=0)


def raw(data: str = "hello", ack: Ack = Ack.FIRST_DATA) -> RequestStep:
    return RequestStep(RawRequest(data, "", ack))


def tell(data: str = "hello") -> RequestStep:
    return raw(data, Ack.NONE)


# -- UDP ----------------------------------------------------------------------------

Answer = Callable[[bytes], list[bytes]]


class Datagrams:
    """A UDP server; `seen` are the datagrams that came."""

    def __init__(self, answer: Answer, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.seen: list[bytes] = []
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.port: int = self._socket.getsockname()[1]
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65536)
            if data == b"end of the test":
                return
            self.seen.append(data)
            for part in self._answer(data):
                self._socket.sendto(part, peer)

    def close(self) -> None:
        with socket.socket(self._socket.family, socket.SOCK_DGRAM) as last:
            last.sendto(b"end of the test", self._socket.getsockname()[:2])
        self._thread.join(5)
        self._socket.close()


@contextmanager
def datagrams(answer: Answer, host: str = "127.0.0.1") -> Iterator[Datagrams]:
    server = Datagrams(answer, host)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_each_request_is_one_datagram(host: str) -> None:
    """On one socket from first to last; opening it is the connect."""
    with datagrams(lambda data: [data.upper()], host) as server:
        recorder = live(
            server.port, raw("one"), raw("two"), tell("three"),
            transport=Transport.UDP, room=RAW, users=3, host=host,
        )  # fmt: skip
        sleep(0.05)
        assert sorted(server.seen) == sorted([b"one", b"two", b"three"] * 3)
    assert counted(recorder) == {"request_noack": 3}
    assert recorder.connections_opened == len(recorder.seen["connect"]) == 3
    assert len(recorder.seen["request"]) == 6
    assert recorder.counters["size_sent"] == 3 * len("onetwothree")
    assert recorder.counters["size_rcv"] == 3 * len("ONETWO")


def test_the_first_datagram_is_the_answer() -> None:
    """Those after it are counted, and dropped; an empty one is an answer, and no end."""
    with datagrams(lambda data: [b"", b"second"]) as server:
        recorder = live(server.port, raw(), ThinkTime(0.05), transport=Transport.UDP, room=RAW)
    assert counted(recorder) == {}
    assert len(recorder.seen["request"]) == 1
    assert recorder.counters["size_rcv"] == len("second")


def test_datagrams_that_nobody_asked_for_are_counted_in_bidi_sessions() -> None:
    """One each, as Tsung counts blocks."""
    with datagrams(lambda data: [b"1", b"2", b"3"]) as server:
        recorder = live(
            server.port, raw(), ThinkTime(0.05),
            transport=Transport.UDP, room=RAW, bidirectional=True,
        )  # fmt: skip
    assert counted(recorder) == {"async_unknown_data_rcv": 2}


def test_a_datagram_without_an_answer_is_not_sent_again() -> None:
    """`idle_timeout`, and no retry: there is none in UDP."""
    with datagrams(lambda data: []) as server:
        recorder = live(
            server.port, raw(), transport=Transport.UDP, room=RAW,
            options=ConnectionOptions(idle_timeout=0.2),
        )  # fmt: skip
        assert server.seen == [b"hello"]
    assert counted(recorder) == {"error_timeout": 1}
    assert recorder.connections_opened == 1


@contextmanager
def refusing_datagrams() -> Iterator[int]:
    """A port of UDP where nobody is: the kernel answers with ICMP, port unreachable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    yield port


def test_a_refused_datagram_ends_a_user_who_waits_for_an_answer() -> None:
    """At once, under the kernel's name for it; Tsung's waits for `idle_timeout`."""
    start = monotonic()
    with refusing_datagrams() as port:
        recorder = live(port, raw(), transport=Transport.UDP, room=RAW)
    assert counted(recorder) == {"error_inet_econnrefused": 1}
    assert monotonic() - start < LIMIT / 2


def test_refused_datagrams_end_nobody_else() -> None:
    """A load that wants no answers goes on, as Tsung's does; that they were refused is counted."""
    with refusing_datagrams() as port:
        recorder = live(
            port, tell(), ThinkTime(0.02), tell(), tell(), ThinkTime(0.02), tell(),
            transport=Transport.UDP, room=RAW, users=2,
        )  # fmt: skip
    found = counted(recorder)
    assert found.pop("request_noack") == 8
    assert set(found) == {"error_inet_econnrefused"}
    assert found["error_inet_econnrefused"] >= 4
    assert recorder.counters["size_sent"] == 8 * len("hello")


def test_a_datagram_that_is_too_long() -> None:
    """65,507 bytes are the most (RFC 768: a length of 16 bits, less the headers)."""
    with datagrams(lambda data: [b"%d" % len(data)]) as server:
        recorder = live(
            server.port, raw("x" * 65_507), raw("x" * 65_508),
            transport=Transport.UDP, room=RAW, options=ConnectionOptions(max_retries=1),
        )  # fmt: skip
        assert [len(each) for each in server.seen] == [65_507]
    assert counted(recorder) == {"error_send_emsgsize": 2, "error_abort_max_send_retries": 1}
    assert recorder.connections_opened == 1


def test_a_first_datagram_that_is_too_long_is_no_failed_connect() -> None:
    """The socket was there."""
    with datagrams(lambda data: [data]) as server:
        recorder = live(
            server.port, raw("x" * 65_508), transport=Transport.UDP, room=RAW, options=ONCE
        )
    assert counted(recorder) == {"error_send_emsgsize": 1, "error_abort_max_send_retries": 1}
    assert recorder.connections_opened == 1


# -- IPv6 ---------------------------------------------------------------------------


def answer_once(connection: socket.socket) -> None:
    connection.sendall(connection.recv(100).upper())
    servers.stay_silent(connection)


def test_a_session_over_ipv6() -> None:
    """The kernel's loopback: what a <server host="::1"> gets."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve_one() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                answer_once(connection)

        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        recorder = live(listener.getsockname()[1], raw(), room=RAW, host="::1")
        thread.join(5)
    assert counted(recorder) == {}
    assert len(recorder.seen["request"]) == 1


# -- a peer that does not read --------------------------------------------------------


def test_a_request_to_a_peer_that_never_reads_has_a_time_limit() -> None:
    """More than all socket buffers hold; Tsung's user waits for ever."""
    release = threading.Event()

    def never_read(connection: socket.socket) -> None:
        release.wait(LIMIT)

    with servers.serving(never_read) as port:
        options = replace(IMPATIENT, send_buffer=65536)
        start = monotonic()
        recorder = live(port, raw("x" * 20_000_000), room=RAW, options=options)
        release.set()
    assert counted(recorder) == {"error_timeout": 1}
    assert 0.18 < monotonic() - start < LIMIT / 2
    assert recorder.counters["size_sent"] == 0


def test_a_slow_reader_is_waited_for() -> None:
    """Each piece that it takes begins the time anew."""

    def read_slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        left = 12_000_000
        while left > 0:
            sleep(0.005)
            left -= len(connection.recv(65536))
        connection.sendall(b"all")
        servers.stay_silent(connection)

    with servers.serving(read_slowly) as port:
        options = ConnectionOptions(idle_timeout=0.5, send_buffer=65536)
        start = monotonic()
        recorder = live(port, raw("x" * 12_000_000), room=RAW, options=options)
    assert counted(recorder) == {}
    assert monotonic() - start > options.idle_timeout
    assert recorder.counters["size_sent"] == 12_000_000


# -- WebSocket ------------------------------------------------------------------------

Handler = Callable[[ServerConnection], None]


@contextmanager
def websocket_server(
    handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **settings: object
) -> Iterator[int]:
    """The library `websockets` at the other end."""
    settings["family"] = socket.AF_INET6 if ":" in host else socket.AF_INET
    with serve(handler, host, 0, ssl=tls, **settings) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(5)


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
    return live(port, *steps, room=RAW, options=options, **more)  # type: ignore[arg-type]


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
    assert recorder.counters["size_sent"] == len("onetwo")
    assert recorder.counters["size_rcv"] == len("pongpong")


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
    assert recorder.counters["size_rcv"] == len("fragmented") + 200_000 + len("pushed")


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
    assert recorder.counters["size_sent"] == 0


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
    assert recorder.counters["size_rcv"] == 5000 + len("\nsecond\n")
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


def test_a_socket_for_datagrams_put_aside_outlives_a_refusal() -> None:
    """Nobody hangs up in UDP, and what comes meanwhile is thrown away."""
    with datagrams(lambda data: [data, b"late"]) as server, refusing_datagrams() as nobody:
        recorder = live(
            server.port,
            raw("one"),
            go(nobody, Transport.UDP, store=True),
            tell(),
            ThinkTime(0.05),
            go(server.port, Transport.UDP, restore=True),
            raw("two"),
            transport=Transport.UDP,
            room=RAW,
        )
        assert server.seen == [b"one", b"two"]
    assert set(counted(recorder)) == {"request_noack", "error_inet_econnrefused"}
    assert recorder.connections_opened == 2


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
        assert recorder.counters["size_sent"] == len("one") + 5 + len("two")
