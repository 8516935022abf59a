"""How an event reaches every worker: from the supervisor, over one stream to each.

    Redis, admin port ──▶ Bus.publish ──▶ socket pair ──▶ Receiver ──▶ fan-out
       (supervisor)           └─ one bounded queue a worker      (each worker)

Delivery is at most once, as with Redis: a worker that does not keep up loses the
newest events, which are counted, and the others are not delayed. Must not know what
a message means.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

import trio

from pytsung.reactor.reactor import READ, Reactor
from pytsung_server.events import MAX_EVENT_BYTES

MAX_WAITING_BYTES = 8 * 2**20
"""Kept for one worker that does not read: 8 seconds of 1 MB/s, 256 MB for 32 workers
that have all stopped."""

READ_BYTES = 65536

_LENGTH_BYTES = 4


def open_lanes(workers: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """The streams to the workers, made before the fork: the supervisor's ends, the workers'."""
    pairs = [socket.socketpair() for _ in range(workers)]
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]


class Bus:
    """The supervisor's side; `run` it, and `publish` from any task beside it.

    `published` counts messages, `lost` those that some worker did not get.
    """

    def __init__(self, ends: Sequence[socket.socket]) -> None:
        self._lanes = [_Lane(end) for end in ends]
        self.published = 0
        self.lost = 0

    def publish(self, message: bytes) -> bool:
        """Send an event's message to every worker, without waiting.

        False when the queue of at least one was full, and the message is lost to it.

        Raises:
            ValueError: it is longer than MAX_EVENT_BYTES.
        """
        if len(message) > MAX_EVENT_BYTES:
            raise ValueError(f"a message of {len(message)} bytes; the limit is {MAX_EVENT_BYTES}")
        self.published += 1
        framed = len(message).to_bytes(_LENGTH_BYTES, "big") + message
        refused = [lane for lane in self._lanes if not lane.put(framed)]
        if refused:
            self.lost += 1
        return not refused

    async def run(self) -> None:
        """Carry messages to the workers, until cancelled; closes the streams."""
        async with trio.open_nursery() as nursery:
            for lane in self._lanes:
                nursery.start_soon(lane.run)


class _Lane:
    """The queue and the stream to one worker."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._filled = trio.Event()
        self._broken = False

    def put(self, framed: bytes) -> bool:
        """Queue a message; False when there is no room, or the worker has ended."""
        if self._broken or self._bytes + len(framed) > MAX_WAITING_BYTES:
            return False
        self._waiting.append(framed)
        self._bytes += len(framed)
        self._filled.set()
        return True

    async def run(self) -> None:
        async with trio.SocketStream(trio.socket.from_stdlib_socket(self._end)) as stream:
            while not self._broken:
                await self._filled.wait()
                self._filled = trio.Event()
                await self._empty(stream)

    async def _empty(self, stream: trio.SocketStream) -> None:
        while self._waiting:
            framed = self._waiting[0]
            try:
                await stream.send_all(framed)
            except trio.BrokenResourceError:  # the worker has ended; its supervisor sees to that
                self._broken = True
                return
            self._waiting.popleft()
            self._bytes -= len(framed)


class Receiver:
    """A worker's side: gives each message to `deliver`, in the reactor's turn."""

    def __init__(
        self, reactor: Reactor, end: socket.socket, deliver: Callable[[bytes], None]
    ) -> None:
        self._reactor = reactor
        self._deliver = deliver
        self._partial = bytearray()
        self._ended = False
        end.setblocking(False)
        self._descriptor = end.detach()
        reactor.register(self._descriptor, self)

    def throttle(self, wait: bool) -> None:
        """Read no further for now, or again; what has been read is still delivered."""
        if not self._ended:
            self._reactor.modify(self._descriptor, 0 if wait else READ)

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - what there is, a read tells
        """Something was published, or the supervisor has gone."""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._ended = True
            self._reactor.close(self._descriptor)
            return
        partial = self._partial
        partial += data
        position = 0
        while len(partial) - position >= _LENGTH_BYTES:
            start = position + _LENGTH_BYTES
            end = start + int.from_bytes(partial[position:start], "big")
            if end > len(partial):
                break
            self._deliver(bytes(partial[start:end]))
            position = end
        del partial[:position]
