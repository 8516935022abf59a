"""A proxy stands between a user and its secure server: it may refuse, babble, or hang up."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
import trustme

from pytsung.agent.layers import SecureLayer
from pytsung.agent.tunnel_layer import MAX_HEAD_BYTES, TunnelLayer
from pytsung.plan import Endpoint, RequestStep, Transport
from pytsung.protocols.http.requests import HttpRequest, Origin
from pytsung.protocols.http.room import HttpRoom
from tests import servers
from tests.agent.test_live_user import counted, live

AGREED = b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"


def tunnel() -> TunnelLayer:
    layer = TunnelLayer(
        Endpoint("example.org", 443, Transport.TLS, via=Endpoint("127.0.0.1", 3128)),
        SecureLayer(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), server_hostname="example.org"),
    )
    layer.start()
    return layer


def test_the_proxy_is_asked_first() -> None:
    """For host and port, both in `Host`, too (RFC 9110, 7.2)."""
    layer = tunnel()
    layer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert layer.take() == b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"
    assert layer.take() == b""
    assert not layer.established


def test_tls_begins_when_the_proxy_agrees() -> None:
    """Whatever the pieces in which its answer comes."""
    layer = tunnel()
    layer.take()
    for number in range(len(AGREED)):
        assert not layer.take()
        assert not layer.blocks(AGREED[number : number + 1])
    assert layer.take().startswith(b"\x16\x03\x01")  # a TLS record of a handshake
    assert not layer.fault


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "error_http_proxy_407"),
        (b"HTTP/1.0 502\r\n\r\n", "error_http_proxy_502"),
        (b"SSH-2.0-x\r\n\r\n", "error_http_proxy"),
        (b"x" * (MAX_HEAD_BYTES + 1), "error_http_proxy"),
    ],
)
def test_a_proxy_that_does_not_agree_is_a_fault(answer: bytes, fault: str) -> None:
    """With its status in the counter's name, and a limit on what it may say."""
    layer = tunnel()
    assert not layer.blocks(answer)
    assert layer.fault == fault
    layer.close()


def test_a_proxy_that_hangs_up_has_closed() -> None:
    """That is a connection which failed, and is tried again."""
    layer = tunnel()
    assert not layer.blocks(b"")
    assert layer.closed


def proxying(asked: list[bytes]) -> Callable[[socket.socket], None]:
    """A proxy that does what it is asked for."""

    def pour(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    def behave(connection: socket.socket) -> None:
        question = connection.recv(65536)
        asked.append(question)
        place = question.split()[1].decode()
        host, _, port = place.rpartition(":")
        with closing(socket.create_connection((host, int(port)))) as far:
            connection.sendall(AGREED)
            back = threading.Thread(target=pour, args=(far, connection), daemon=True)
            back.start()
            pour(connection, far)
            back.join(5)

    return behave


def answer_each(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def secure_request(port: int) -> RequestStep:
    url = f"https://127.0.0.1:{port}/"
    origin = Origin(Endpoint("127.0.0.1", port, Transport.TLS), f"127.0.0.1:{port}")
    return RequestStep(HttpRequest(url, origin=origin, through_proxy=True))


def test_a_user_talks_through_a_proxy() -> None:
    """Two requests on one tunnel, each answered by the server behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    asked: list[bytes] = []
    with (
        servers.serving(answer_each, context) as port,
        servers.serving(proxying(asked)) as proxy,
    ):
        recorder = live(proxy, secure_request(port), secure_request(port), room=HttpRoom())
    assert asked == [
        f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    ]
    assert counted(recorder)["200"] == 2
    assert not [name for name in counted(recorder) if name.startswith("error")]


def test_a_user_whom_the_proxy_refuses_ends_counted() -> None:
    """It does not try again: the proxy has understood."""

    def refuse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with servers.serving(refuse) as proxy:
        recorder = live(proxy, secure_request(443), room=HttpRoom())
    assert counted(recorder)["error_http_proxy_403"] == 1
