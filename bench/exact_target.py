"""An HTTP server that answers after exactly so many milliseconds, and keeps the proof.

    python -m bench.exact_target

Prints the port it listens on. `GET /10` is answered 10 ms after the kernel has received
it: the kernel's own time stamp counts, so that a request which waits to be read is no
sooner forgotten than by its client. When stdin ends it prints, as one JSON object, how
long answers really took by their path, in seconds, and how many were given in each
second. One process, one epoll, no library: its clock is to be trusted, so nothing else
runs in it.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import struct
import sys
import time
from array import array
from collections import Counter, deque
from statistics import fmean, quantiles

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
    b"Connection: close\r\n\r\nok"
)
SO_TIMESTAMPNS = 35
"""Linux's name for time stamps in nanoseconds (asm-generic/socket.h); Python has none."""

STAMP = struct.Struct("=qq")
SPACE = socket.CMSG_SPACE(STAMP.size)
ACCEPTED_AT_ONCE = 32
IDLE = 1.0
NANOSECONDS = 1_000_000_000


class ExactTarget:
    """Serves until stdin ends. `taken` are seconds from receipt to answer, by path."""

    def __init__(self) -> None:
        self.taken: dict[int, array[float]] = {}
        self.seconds: Counter[int] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        # Inherited by what is accepted: set later, the first request would have no stamp.
        self._listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        self._clients: dict[int, socket.socket] = {}
        self._due: dict[int, deque[tuple[int, socket.socket]]] = {}  # received at, from whom

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Serve until stdin ends."""
        listener, stdin = self._listener.fileno(), sys.stdin.fileno()
        while True:
            self._sleep()
            for descriptor, _ in self._epoll.poll(0):
                if descriptor == listener:
                    self._accept()
                elif descriptor == stdin:
                    return
                else:
                    self._receive_late(descriptor)
            self._answer_due()

    def _sleep(self) -> None:
        """Until something happens or is due. Not epoll's own wait: that rounds up to a ms."""
        pause = IDLE
        for delay, waiting in self._due.items():
            if waiting:
                due = waiting[0][0] + delay * 1_000_000
                pause = min(pause, (due - time.time_ns()) / NANOSECONDS)
        if pause > 0:
            select.select([self._epoll.fileno()], [], [], pause)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, _address = self._listener.accept()
            except BlockingIOError:
                return
            client.setblocking(False)
            self._receive(client)  # mostly its request is there already

    def _receive_late(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
        self._receive(self._clients.pop(descriptor))

    def _receive(self, client: socket.socket) -> None:
        """Take the request, or the hanging up; if there is neither, wait for it."""
        try:
            data, ancillary, _, _ = client.recvmsg(4096, SPACE)
        except BlockingIOError:
            self._clients[client.fileno()] = client
            self._epoll.register(client, select.EPOLLIN)
            return
        except OSError:
            data = b""
        if not data:
            client.close()
            return
        received = time.time_ns()
        for _, _, stamp in ancillary:
            seconds, nanoseconds = STAMP.unpack(stamp)
            received = seconds * NANOSECONDS + nanoseconds
        delay = int(data[5 : data.index(b" ", 5)])
        self._due.setdefault(delay, deque()).append((received, client))

    def _answer_due(self) -> None:
        for delay, waiting in self._due.items():
            taken = self.taken.setdefault(delay, array("d"))
            while waiting and waiting[0][0] + delay * 1_000_000 <= time.time_ns():
                received, client = waiting.popleft()
                with client:
                    try:
                        client.send(ANSWER)
                    except OSError:
                        continue  # it left before its answer
                now = time.time_ns()
                taken.append((now - received) / NANOSECONDS)
                self.seconds[now // NANOSECONDS] += 1

    def record(self) -> dict[str, object]:
        """What is printed at the end."""
        first = min(self.seconds, default=0)
        last = max(self.seconds, default=-1)
        return {
            "taken": {delay: _figures(taken) for delay, taken in self.taken.items() if taken},
            "seconds": [self.seconds[second] for second in range(first, last + 1)],
        }


def _figures(taken: array[float]) -> dict[str, float]:
    cuts = quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else [taken[0]] * 99
    return {"count": len(taken), "mean": fmean(taken), "p50": cuts[49], "p99": cuts[98]}


def main() -> None:
    """Serve, print the record."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    target = ExactTarget()
    print(target.port, flush=True)
    target.serve()
    print(json.dumps(target.record()))


if __name__ == "__main__":
    main()
