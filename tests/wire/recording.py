"""A server on loopback that writes down requests and answers what it was told to.

Two ports, A and B, so that a user can be sent elsewhere. A request belongs to the
session whose token, `/c17/`, is in its target; each session has its own answers.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

_TOKEN = re.compile(rb"/(c\d+)[/?]")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Recorded:
    """One request's bytes, and the port that it came to."""

    port: str
    data: bytes


@dataclass
class Recorder:
    """A context manager; `requests` are those of each session, in the order they came."""

    answers: Mapping[str, Sequence[bytes]]
    requests: dict[str, list[Recorded]] = field(default_factory=lambda: defaultdict(list))
    ports: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._listeners = {}
        for name in ("A", "B"):
            listener = socket.create_server(("127.0.0.1", 0), backlog=100)
            self._listeners[name] = listener
            self.ports[name] = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(name, listener), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for listener in self._listeners.values():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, name: str, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(name, connection), daemon=True).start()

    def _serve(self, port: str, connection: socket.socket) -> None:
        received = b""
        with closing(connection):
            while True:
                try:
                    data = connection.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                received += data
                size = _size(received)
                if not size or len(received) < size:
                    continue
                answer = self._record(Recorded(port, received[:size]))
                received = received[size:]
                connection.sendall(answer)
                if b"Connection: close" in answer or answer.startswith(b"HTTP/1.0"):
                    return

    def _record(self, request: Recorded) -> bytes:
        """Write a request down; the answer to it."""
        found = _TOKEN.search(request.data.partition(b"\r\n")[0] + b"/")
        token = found[1].decode() if found else "?"
        requests = self.requests[token]
        requests.append(request)
        answers = self.answers.get(token, ())
        return answers[len(requests) - 1] if len(requests) <= len(answers) else OK


def _size(data: bytes) -> int:
    """The size of the request that the data begins with; 0 while its head is not whole."""
    head, end, _ = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return len(head) + 4 + (int(length[1]) if length else 0) if end else 0
