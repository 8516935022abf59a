"""The least that a server in Python can do: no parsing, no state but the descriptor.

Broken clients break it. Must not know more than it has to.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import select
import socket

from bench.rivals.messages import GREETING, event, say_address
from pytsung.protocols.websocket.events import Opcode
from pytsung.protocols.websocket.frames import frame

BATCH = 64

_HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: "
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_KEY = b"Sec-WebSocket-Key: "
_GREETING = b"\r\n\r\n" + frame(Opcode.TEXT, GREETING.encode())


class Server:
    """Accepts, greets, and sends events to `clients`, which are descriptors."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        self.clients: set[int] = set()

    def run(self) -> None:
        """Serve until killed."""
        say_address(self._listener.getsockname()[1])
        while True:
            for descriptor, _ in self._epoll.poll():
                if descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._read(descriptor)

    def _accept(self) -> None:
        for _ in range(BATCH):
            try:
                # What `accept` is made of, without its socket object; typeshed does not know it.
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
            except BlockingIOError:
                return
            os.set_blocking(descriptor, False)
            self.clients.add(descriptor)
            self._epoll.register(descriptor, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        data = os.read(descriptor, 16384)
        if not data:
            self._epoll.unregister(descriptor)
            self.clients.discard(descriptor)
            os.close(descriptor)
        elif data.startswith(b"GET "):
            at = data.index(_KEY) + len(_KEY)
            digest = hashlib.sha1(data[at : at + 24] + _GUID).digest()
            accept = binascii.b2a_base64(digest, newline=False)
            os.write(descriptor, _HEAD + accept + _GREETING)
        elif data[0] & 0x0F == Opcode.PING:
            os.write(descriptor, frame(Opcode.PONG, b""))
        else:
            self.send_to_all(frame(Opcode.TEXT, event().encode()))

    def send_to_all(self, message: bytes) -> None:
        """One write after the other."""
        for client in self.clients:
            os.write(client, message)


if __name__ == "__main__":
    Server().run()
