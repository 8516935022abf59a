"""The least that opening WebSockets can cost in Python: a bare epoll loop to compare with.

    python -m bench.bare_epoll --port 9505 --source 127.64.1.1 --connections 10000 --rate 1000

Connects, sends the same upgrade request right after each connect, reads until the
head of the answer and the start of a first frame are there, and holds the socket.
No statistics, no parser, no session: nothing to be had for less. Arrivals as
pytsung's: Poisson at `--rate`, those due within 5 ms together; without a rate all
are due at once. Holds its connections until it is killed, for `--lifetime` seconds at most.
"""

from __future__ import annotations

import argparse
import errno
import itertools
import os
import random
import resource
import select
import socket
import time
from collections.abc import Sequence

from bench.sessions import PATH

BATCH = 0.005
SLICE = 64
LIFETIME = 120.0
NEVER = float("inf")

IP_BIND_ADDRESS_NO_PORT = 24
"""Of linux/in.h; Python has no name for it."""

REQUEST = (
    f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: 127.0.0.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
).encode()


def has_first_frame(data: bytes) -> bool:
    """Whether a whole response head, and a frame's beginning, have come."""
    end = data.find(b"\r\n\r\n")
    return 0 <= end <= len(data) - 6


class Loop:
    """Opens `connections` connections, `rate` a second (infinite: as fast as it can)."""

    def __init__(
        self,
        target: tuple[str, int],
        sources: Sequence[str],
        connections: int,
        rate: float,
        lifetime: float,
    ) -> None:
        self._target = target
        self._sources = itertools.cycle([(source, 0) for source in sources])
        self._left = connections
        self._rate = rate
        self._lifetime = lifetime
        self._epoll = select.epoll()
        self._partial: dict[int, bytes] = {}

    def run(self) -> None:
        """Connect everybody, then hold the connections."""
        started = planned = time.monotonic()
        while (now := time.monotonic()) < started + self._lifetime:
            opened = 0
            while self._left and planned <= now + BATCH / 2 and opened < SLICE:
                self._connect()
                opened += 1
                planned += random.expovariate(self._rate) if self._rate < NEVER else 0.0
            self._answers(self._pause(planned))

    def _pause(self, planned: float) -> float:
        if not self._left:
            return 1.0
        now = time.monotonic()
        return 0.0 if planned <= now else max(planned - now, BATCH)

    def _connect(self) -> None:
        self._left -= 1
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind(next(self._sources))
        code = connection.connect_ex(self._target)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "connect")
        descriptor = connection.detach()
        try:
            # On loopback the connection nearly always stands as soon as it was asked for.
            os.write(descriptor, REQUEST)
            self._epoll.register(descriptor, select.EPOLLIN)
        except BlockingIOError:
            self._epoll.register(descriptor, select.EPOLLOUT)

    def _answers(self, patience: float) -> None:
        for descriptor, events in self._epoll.poll(patience, 512):
            if events & select.EPOLLOUT:
                os.write(descriptor, REQUEST)
                self._epoll.modify(descriptor, select.EPOLLIN)
                continue
            data = self._partial.pop(descriptor, b"") + os.read(descriptor, 65536)
            if not has_first_frame(data):
                self._partial[descriptor] = data


def main() -> None:
    """Read the options, open the connections."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", required=True, nargs="+", help="local addresses, in turn")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=NEVER, help="connections a second")
    parser.add_argument("--lifetime", type=float, default=LIFETIME, help="seconds (%(default)g)")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    target = (options.host, options.port)
    size = (options.connections, options.rate, options.lifetime)
    Loop(target, options.source, *size).run()


if __name__ == "__main__":
    main()
