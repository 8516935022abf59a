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
import resource
import select
import socket
import sys
import time
from binascii import b2a_base64
from collections import deque
from dataclasses import dataclass

KEY_FIELD = b"Sec-WebSocket-Key: "
END = b"\r\n\r\n"
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


@dataclass(slots=True, eq=False)
class Client:
    """A connection. `is_due`: its time has come, but not yet its whole request."""

    connection: socket.socket
    accepted: float
    request: bytes = b""
    is_due: bool = False
    has_left: bool = False


class DelayingServer:
    """Serves until stdin ends. `delays` are seconds from accept to answer.

    A client that asks later than its answer is due is answered at once, and one that
    left before it is not: on a busy machine both happen.
    """

    def __init__(self, delay: float) -> None:
        self.delays: list[float] = []
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        self._clients: dict[int, Client] = {}
        self._due: deque[Client] = deque()  # in the order of acceptance, all wait equally long

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
                    self._receive(self._clients[descriptor])
            self._answer_due()

    def _sleep(self) -> None:
        """Until something happens or is due. Not epoll's own wait: that rounds up to a ms."""
        pause = self._due[0].accepted + self._delay - time.monotonic() if self._due else IDLE
        if pause > 0:
            select.select([self._epoll.fileno()], [], [], pause)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue  # it left while it was waiting
            client = Client(connection, time.monotonic())
            connection.setblocking(False)
            self._clients[connection.fileno()] = client
            self._due.append(client)
            self._epoll.register(connection, select.EPOLLIN)

    def _receive(self, client: Client) -> None:
        try:
            data = client.connection.recv(65536)
        except ConnectionError:
            data = b""
        client.request += data
        if not data:
            self._forget(client)
        elif client.is_due:
            self._answer(client)

    def _answer_due(self) -> None:
        while self._due and self._due[0].accepted + self._delay <= time.monotonic():
            client = self._due.popleft()
            client.is_due = True
            self._answer(client)

    def _answer(self, client: Client) -> None:
        """Answer, if the whole request is there and whoever sent it is, too."""
        if client.has_left or END not in client.request:
            return
        client.is_due = False
        try:
            client.connection.send(answer(client.request))
        except ConnectionError:
            self._forget(client)
        else:
            self.delays.append(time.monotonic() - client.accepted)

    def _forget(self, client: Client) -> None:
        client.has_left = True
        del self._clients[client.connection.fileno()]
        client.connection.close()


def main() -> None:
    """Read the options, serve, print the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--delay", type=float, default=0.010, help="seconds from accept to answer")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # while it stands still, many come
    server = DelayingServer(parser.parse_args().delay)
    print(server.port, flush=True)
    server.serve()
    print(json.dumps(server.delays))


if __name__ == "__main__":
    main()
