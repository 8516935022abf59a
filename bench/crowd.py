"""Very many clients of a WebSocket server: they connect, hold, and note when events come.

    python -m bench.crowd --port 9505 --source 127.77.1 --connections 10000

Answers: when each of so many clients has an event, measured from the moment that the
event says it was sent. Prints a line of JSON when all are connected, and one for each
event that has come to all of them, with all its ages; ends with its stdin.
"""

from __future__ import annotations

import argparse
import base64
import errno
import json
import select
import socket
import sys
import time
from array import array

from bench.machine import raise_descriptor_limit
from pytsung.protocols.websocket.stamp import read_stamp

REQUEST = (
    b"GET /v1/realtime?project=console&channels[]=files HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: 127.0.0.1\r\n"
    b"Sec-WebSocket-Key: %022d==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

IN_FLIGHT = 200
"""Clients that wait for their first message at once, flat out."""

PER_SOURCE = 5000
"""Connections from one source address: more, and `connect` itself gets slow."""

PATIENCE = 60.0

LINUX_IP_BIND_ADDRESS_NO_PORT = 24


class Crowd:
    """Opens connections without waiting for any, and keeps them.

    `source` is the first three numbers of loopback addresses that nobody else uses
    now: fresh ones for each server, or TIME_WAIT fills the ports.
    """

    def __init__(self, port: int, source: str) -> None:
        self._target = ("127.0.0.1", port)
        self._source = source
        self._epoll = select.epoll()
        self._waiting: dict[int, socket.socket] = {}
        self.open: list[socket.socket] = []

    def start(self) -> None:
        """One more connection; its request goes out at once."""
        number = len(self.open) + len(self._waiting)
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, LINUX_IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"{self._source}.{1 + number // PER_SOURCE}", 0))
        client.setblocking(False)
        if (error := client.connect_ex(self._target)) not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")
        try:
            client.send(REQUEST % number)
            events = select.EPOLLIN
        except BlockingIOError:
            events = select.EPOLLOUT
        self._waiting[client.fileno()] = client
        self._epoll.register(client.fileno(), events)

    def turn(self, patience: float) -> None:
        """Take answers, for at most `patience` seconds."""
        for descriptor, events in self._epoll.poll(patience, 512):
            client = self._waiting[descriptor]
            if events == select.EPOLLOUT:
                client.send(REQUEST % descriptor)
                self._epoll.modify(descriptor, select.EPOLLIN)
                continue
            data = client.recv(4096)
            if not data:
                raise ConnectionError("the server hung up on a newcomer")
            if data.startswith(b"\x81") or b"\r\n\r\n\x81" in data:
                self._epoll.unregister(descriptor)
                self.open.append(self._waiting.pop(descriptor))

    def saturate(self, count: int) -> None:
        """Open `count` connections as fast as the server takes them."""
        for _ in range(count):
            self.start()
            while len(self._waiting) >= IN_FLIGHT:
                self.turn(1)
        self.finish()

    def pace(self, count: int, rate: float) -> None:
        """Open `count` connections, `rate` a second."""
        started = time.monotonic()
        for number in range(count):
            while (pause := started + number / rate - time.monotonic()) > 0:
                self.turn(pause)
            self.start()
        self.finish()

    def finish(self) -> None:
        """Wait for all first messages. Raises TimeoutError."""
        until = time.monotonic() + PATIENCE
        while self._waiting:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self._waiting)} clients got no message")
            self.turn(1)

    def close(self) -> None:
        """Hang up."""
        for client in self.open:
            client.close()
        self._epoll.close()

    def listen(self) -> None:
        """Print the ages of each event that has come to all; until stdin ends."""
        clients = {client.fileno(): client for client in self.open}
        epoll = select.epoll()
        for descriptor in clients:
            epoll.register(descriptor, select.EPOLLIN)
        epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        ages: dict[str, array[float]] = {}
        while True:
            for descriptor, _ in epoll.poll():
                if descriptor == sys.stdin.fileno():
                    return
                stamp = read_stamp(clients[descriptor].recv(4096))
                if stamp is None:
                    continue
                one = ages.setdefault(stamp.event, array("f"))
                one.append(time.time() - stamp.sent_at)
                if len(one) == len(clients):
                    _say(ages=base64.b64encode(ages.pop(stamp.event).tobytes()).decode())


def _say(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def main() -> None:
    """Connect everybody, and listen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", required=True, help="as 127.77.1; the last number is added")
    parser.add_argument("--connections", type=int, default=10_000)
    options = parser.parse_args()
    raise_descriptor_limit()
    crowd = Crowd(options.port, options.source)
    crowd.saturate(options.connections)
    _say(open=len(crowd.open))
    crowd.listen()


if __name__ == "__main__":
    main()
