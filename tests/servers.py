"""Small servers that behave badly, each in one way; and ports where nobody listens.

They run in threads of the test's process, on port 0 of 127.0.0.1.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]
"""What a server does with one connection, which is closed when this returns."""

QUEUE = 512
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@contextmanager
def serving(
    behave: Behaviour, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[int]:
    """A server whose every connection is treated by `behave`; gives its port."""
    listener = socket.create_server((host, 0), backlog=QUEUE)
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        # Peers that vanish are what these servers are for.
        with contextlib.suppress(OSError), connection:
            if tls is None:
                behave(connection)
            else:
                with tls.wrap_socket(connection, server_side=True) as secure:
                    behave(secure)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed: the test is over
            connections.append(connection)
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


@contextmanager
def refusing() -> Iterator[int]:
    """A port that refuses: taken, so that nobody else gets it, but not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def unreachable() -> Iterator[int]:
    """A port where connections are never established: its queue is full and nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        try:
            yield full.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


# -- how a connection may be treated ------------------------------------------------


def hang_up(connection: socket.socket) -> None:
    """Close at once."""


def reset(connection: socket.socket) -> None:
    """Reset right after the accept (RFC 9293, 3.9.1: linger 0 sends RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stay_silent(connection: socket.socket) -> None:
    """Hear everything, say nothing."""
    while connection.recv(65536):
        pass


def speak_garbage(connection: socket.socket) -> None:
    """Answer with what is no protocol at all."""
    connection.recv(65536)
    connection.sendall(bytes(range(256)) * 8)
    stay_silent(connection)


def answer_ok(connection: socket.socket) -> None:
    """Answer as a web server that knows no WebSocket."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    stay_silent(connection)


def upgrade(connection: socket.socket) -> None:
    """Agree to a WebSocket (RFC 6455, 4.2.2)."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("no handshake came")
        head += data
    key = head.lower().split(b"sec-websocket-key:")[1]
    offset = len(head) - len(key)
    key = head[offset:].split(b"\r\n")[0].strip()
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def upgrade_and_listen(connection: socket.socket) -> None:
    """A WebSocket that never says a word."""
    upgrade(connection)
    stay_silent(connection)


def upgrade_and_hang_up(connection: socket.socket) -> None:
    """A WebSocket that ends in mid-session, without a goodbye."""
    upgrade(connection)
    connection.recv(65536)
