"""A WebSocket server that answers exactly so long after accept, and keeps the proof.

    python -m bench.delaying_server --delay 0.010

Prints the port it listens on. Answers each upgrade `--delay` seconds after it has
accepted the connection, and records how long that really took. When its stdin ends it
prints these times, in seconds, as one JSON list. One process, one epoll, no library:
its clock is to be trusted, so nothing else runs in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import select
import socket
import sys
import time
from binascii import b2a_base64
from collections import deque

KEY_FIELD = b"Sec-WebSocket-Key: "
SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
ACCEPTED_AT_ONCE = 64
IDLE = 1.0


def answer(request: bytes) -> bytes:
    """The response to a whole upgrade request. Raises ValueError when there is no key in it."""
    start = request.index(KEY_FIELD) + len(KEY_FIELD)
    digest = hashlib.sha1(request[start : start + 24] + SUFFIX).digest()
    accept = b2a_base64(digest, newline=False)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


class DelayingServer:
    """Serves until stdin ends. `delays` are seconds from accept to answer."""

    def __init__(self, delay: float) -> None:
        self.delays: list[float] = []
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        self._requests: dict[int, bytes] = {}
        self._clients: dict[int, socket.socket] = {}
        self._due: deque[tuple[float, socket.socket]] = deque()  # accepted at, who

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Serve until stdin ends."""
        while True:
            self._sleep()
            for descriptor, _ in self._epoll.poll(0):
                if descriptor == self._listener.fileno():
                    self._accept()
                elif descriptor == sys.stdin.fileno():
                    return
                else:
                    self._receive(descriptor)
            self._answer_due()

    def _sleep(self) -> None:
        """Until something happens or is due. Not epoll's own wait: that rounds up to a ms."""
        pause = self._due[0][0] + self._delay - time.monotonic() if self._due else IDLE
        if pause > 0:
            select.select([self._epoll.fileno()], [], [], pause)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, _address = self._listener.accept()
            except BlockingIOError:
                return
            now = time.monotonic()
            client.setblocking(False)
            self._clients[client.fileno()] = client
            self._requests[client.fileno()] = b""
            self._due.append((now, client))
            self._epoll.register(client, select.EPOLLIN)

    def _receive(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 65536)
        except ConnectionResetError:
            data = b""
        if data:
            self._requests[descriptor] += data
        else:
            del self._requests[descriptor]
            self._clients.pop(descriptor).close()

    def _answer_due(self) -> None:
        while self._due and self._due[0][0] + self._delay <= time.monotonic():
            accepted, client = self._due.popleft()
            if client.fileno() < 0:
                continue  # it left before its answer
            client.send(answer(self._requests[client.fileno()]))
            self.delays.append(time.monotonic() - accepted)


def main() -> None:
    """Read the options, serve, print the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--delay", type=float, default=0.010, help="seconds from accept to answer")
    server = DelayingServer(parser.parse_args().delay)
    print(server.port, flush=True)
    server.serve()
    print(json.dumps(server.delays))


if __name__ == "__main__":
    main()
