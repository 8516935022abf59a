"""A server on loopback that answers everything: HTTP, WebSocket, lines; with TLS or without.

What a connection speaks is seen in its first bytes.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import threading

import trustme

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.websocket.codec import WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    Ping,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.handshake import accept_of

TLS_HANDSHAKE = 0x16
_LENGTH = re.compile(rb"^content-length:\s*([0-9]+)", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(rb"^sec-websocket-key:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_METHOD = re.compile(rb"[A-Z-]+ ")

PAGE = b"""<html><head><meta name="csrf-token" content="a+b/c=="></head><body>
<form><input name="authenticity_token" value="a+b/c=="></form>
<table><tbody><tr><td>1</td><td><a href="/1">1</a></td></tr></tbody></table></body></html>
"""


class AnsweringServer:
    """Listens from its making until `close`. `requests` counts what was asked over HTTP."""

    def __init__(self) -> None:
        self.requests = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            request: socket.socket

            def handle(self) -> None:
                self.request.settimeout(30.0)
                with contextlib.suppress(OSError):
                    first = self.request.recv(1, socket.MSG_PEEK)
                    if not first or first[0] != TLS_HANDSHAKE:
                        outer.answer(self.request)
                        return
                    with context.wrap_socket(self.request, server_side=True) as secured:
                        outer.answer(secured)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, connection: socket.socket) -> None:
        """Serve one connection until the peer closes it."""
        data = b""
        while received := connection.recv(65536):
            data += received
            if not _METHOD.match(data):
                connection.sendall(received)  # no HTTP: say it back
                data = b""
                continue
            while (end := data.find(b"\r\n\r\n")) >= 0:
                head = data[:end]
                key = _KEY.search(head)
                if key is not None:
                    self._talk(connection, key[1], data[end + 4 :])
                    return
                length = _LENGTH.search(head)
                whole = end + 4 + (int(length[1]) if length else 0)
                if len(data) < whole:
                    break
                data = data[whole:]
                self.requests += 1
                self._reply(connection, head)

    @staticmethod
    def _reply(connection: socket.socket, head: bytes) -> None:
        body = b"" if head.startswith(b"HEAD ") else PAGE
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(PAGE), body)
        )

    @staticmethod
    def _talk(connection: socket.socket, key: bytes, data: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept_of(key)
        )
        codec = WebSocketCodec(Role.SERVER)
        with contextlib.suppress(RemoteProtocolError):
            while True:
                for event in codec.feed(data) if data else ():
                    if isinstance(event, TextMessage | BinaryMessage):
                        connection.sendall(codec.send(event))
                    elif isinstance(event, Ping | Close):
                        connection.sendall(codec.send(event.answer()))
                    if isinstance(event, Close):
                        return
                data = connection.recv(65536)
                if not data:
                    return
