"""Servers on loopback that write down whatever comes, and answer each piece with `ok`.

Port A is TCP, U is UDP, W is a WebSocket. Each connection is written down as one
text; a datagram ends in `|`, a frame is shown as `[first byte:payload]`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.servers import MAGIC

_KEY = re.compile(rb"(?<=\r\nSec-WebSocket-Key: )\S+")
_MARK = re.compile(rb"\((c\d+)\)")
_HOST_PORT = re.compile(rb"(?<=\r\nHost: 127\.0\.0\.1):\d+")


def _answer(connection: socket.socket, data: bytes) -> None:
    """Send it, if the peer still wants it: one that waits for no answers may be gone already."""
    with contextlib.suppress(OSError):
        connection.sendall(data)


@dataclass
class RawRecorder:
    """A context manager; `connections` are in the order in which they came."""

    connections: list[bytearray] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._sockets = []
        for name, serve in (("A", self._serve_stream), ("W", self._serve_websocket)):
            listener = socket.create_server(("127.0.0.1", 0), backlog=100)
            self._sockets.append(listener)
            self.ports[name] = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 0))
        self._datagrams.settimeout(0.2)
        self._is_over = False
        self.ports["U"] = self._datagrams.getsockname()[1]
        self._listening = threading.Thread(target=self._serve_datagrams, daemon=True)
        self._listening.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_over = True
        for listener in self._sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._listening.join(5)
        self._datagrams.close()

    def by_session(self) -> dict[str, list[bytes]]:
        """The connections of each session: that of its mark, and those up to the next one."""
        sessions: dict[str, list[bytes]] = {}
        token = "?"
        for connection in self.connections:
            text = _HOST_PORT.sub(b":PORT", _KEY.sub(b"KEY", bytes(connection)))
            mark = _MARK.search(text)
            token = mark[1].decode() if mark else token
            sessions.setdefault(token, []).append(text)
        return sessions

    def _accept(self, listener: socket.socket, serve: object) -> None:
        assert callable(serve)
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen = bytearray()
            self.connections.append(seen)
            threading.Thread(target=serve, args=(connection, seen), daemon=True).start()

    @staticmethod
    def _serve_stream(connection: socket.socket, seen: bytearray) -> None:
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(65536):
                seen += data
                _answer(connection, b"ok")

    def _serve_datagrams(self) -> None:
        peers: dict[object, bytearray] = {}
        while not self._is_over:
            try:
                data, peer = self._datagrams.recvfrom(65536)
            except TimeoutError:
                continue
            if peer not in peers:
                peers[peer] = bytearray()
                self.connections.append(peers[peer])
            peers[peer] += data + b"|"
            self._datagrams.sendto(b"ok", peer)

    @staticmethod
    def _serve_websocket(connection: socket.socket, seen: bytearray) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while not seen.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    return
                seen += line
            key = _KEY.search(seen)
            assert key is not None
            accept = base64.b64encode(hashlib.sha1(key[0] + MAGIC).digest())
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            while len(start := stream.read(2)) == 2:
                length = start[1] & 127
                if length >= 126:
                    length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
                mask = stream.read(4)
                payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(stream.read(length)))
                seen += b"[%02x:%s]" % (start[0], payload)
                if start[0] & 15 == 8:
                    return
                _answer(connection, b"\x82\x02ok")
