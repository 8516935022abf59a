"""What live users talk to, and what they say: a UDP server, a WebSocket server, raw requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.sync.server import ServerConnection, serve

from pytsung.plan import ConnectionOptions, RequestStep
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.raw.room import RawRoom
from pytsung.protocols.room import Ack

Answer = Callable[[bytes], list[bytes]]
Handler = Callable[[ServerConnection], None]

RAW = RawRoom()
IMPATIENT = ConnectionOptions(idle_timeout=0.2, max_retries=0)


def raw(data: str = "hello", ack: Ack = Ack.FIRST_DATA) -> RequestStep:
    return RequestStep(RawRequest(data, "", ack))


def tell(data: str = "hello") -> RequestStep:
    return raw(data, Ack.NONE)


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


@contextmanager
def websocket_server(
    handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **settings: object
) -> Iterator[int]:
    """The library `websockets` at the other end."""
    settings["family"] = socket.AF_INET6 if ":" in host else socket.AF_INET
    with serve(handler, host, 0, ssl=tls, **settings) as server:  # type: ignore[arg-type]  # words by name
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(5)
