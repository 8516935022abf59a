"""Bytes to and from one raw descriptor; what the socket does not take is kept.

Must not know what the bytes mean: whoever builds on it takes them in `_take`.
"""

from __future__ import annotations

import contextlib
import os
import socket

from pytsung.reactor.reactor import READ, WRITE
from pytsung_server import kernel
from pytsung_server.shared import Shared

READ_BYTES = 16384

MAX_UNSENT_BYTES = 262_144
"""Kept for a peer that does not read; one for which more would wait is dropped."""

MAX_UNSENT_BY_ALL = 256 * 2**20
"""Kept for all peers of a worker together: a client host that freezes has many of them."""

_CLOSED = -1


class Transport:
    """A socket that the reactor watches; closes its descriptor itself."""

    __slots__ = ("_descriptor", "_shared", "_unsent")

    def __init__(self, shared: Shared, descriptor: int) -> None:
        self._shared = shared
        self._descriptor = descriptor
        self._unsent: bytearray | None = None

    def start(self) -> None:
        """Watch the socket, and read at once: a client's request has often come already."""
        self._shared.reactor.register(self._descriptor, self)
        self.on_ready(READ)

    def end(self) -> None:
        """Close the socket; harmless when it is closed."""
        if self._descriptor != _CLOSED:
            self._shared.reactor.close(self._descriptor)
            self._descriptor = _CLOSED
            if self._unsent is not None:
                self._shared.unsent_bytes -= len(self._unsent)
                self._unsent = None
            self._ended()

    def on_ready(self, events: int) -> None:
        """The reactor's call: read what came, or write what could not be written."""
        if events & WRITE:
            self._flush()
        if events == WRITE or self._descriptor == _CLOSED:
            return
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # reset by the peer, or it is not to be reached
            self._shared.counts.resets += 1
            self.end()
            return
        if data:
            self._take(data)
        else:
            self.end()

    # -- for those who build on it ----------------------------------------------

    def _take(self, data: bytes) -> None:
        """Bytes came from the socket."""
        raise NotImplementedError

    def _flushed(self) -> None:
        """What had to wait has been written."""

    def _overflowed(self) -> None:
        """The peer does not read, and no more is kept for it."""
        self.end()

    def _ended(self) -> None:
        """The socket is closed, for whatever reason."""

    def _write(self, data: bytes) -> None:
        """Write bytes, now or as soon as the socket takes them; nothing once it is closed."""
        if self._descriptor == _CLOSED:
            return
        limit = MAX_UNSENT_BYTES
        if self._unsent is None:
            sent = self._write_some(data)
            if sent is None or sent == len(data):
                return
            data = data[sent:]
            limit += len(data)  # one message may be longer: the peer had no chance to be slow
            self._unsent = bytearray()
            self._shared.reactor.modify(self._descriptor, READ | WRITE)
        self._unsent += data
        self._shared.unsent_bytes += len(data)
        if len(self._unsent) > limit or self._shared.unsent_bytes > MAX_UNSENT_BY_ALL:
            self._overflowed()

    def _peer(self) -> str:
        """The address at the other end; two system calls."""
        with socket.socket(fileno=os.dup(self._descriptor)) as end:
            return str(end.getpeername()[0])

    def _half_close(self) -> None:
        """Tell the peer that nothing follows, so that it sees the end at once."""
        with contextlib.suppress(OSError):  # it hung up first; its reset comes as an event
            kernel.shutdown_sending(self._descriptor)

    def _flush(self) -> None:
        unsent = self._unsent
        if unsent is None:
            return
        sent = self._write_some(unsent)
        if sent is None:
            return
        self._shared.unsent_bytes -= sent
        del unsent[:sent]
        if not unsent:
            self._unsent = None
            self._shared.reactor.modify(self._descriptor, READ)
            self._flushed()

    def _write_some(self, data: bytes | bytearray) -> int | None:
        """How many bytes the socket took; None when the peer had reset it, which ends it."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._shared.counts.resets += 1
            self.end()
            return None
