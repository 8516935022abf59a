"""One client, from accept to close.

    OPENING ──head──▶ OPEN ──close frame sent──▶ LEAVING ──▶ CLOSED
       └──400, refused──────────────────────────▶ LEAVING

Every state may go to CLOSED: the peer hung up, broke the rules, or was too slow.
While idle it is this one slotted object; head, codec and unsent bytes exist only
while there are any. Must not know what heads and messages mean.
"""

from __future__ import annotations

import contextlib
import enum
import os

from pytsung.errors import LocalProtocolError
from pytsung.protocols.websocket.codec import FrameError, Rules, WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    CloseCode,
    Event,
    Opcode,
    Ping,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import close_payload, frame
from pytsung.protocols.websocket.handshake import MAX_HEAD_BYTES
from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.reactor.reactor import READ, WRITE, Reactor
from pytsung_server import kernel
from pytsung_server.conversation import answer
from pytsung_server.counts import Counts
from pytsung_server.greeting import BAD_REQUEST, Greeter, Outcome, close_frame
from pytsung_server.settings import Settings

READ_BYTES = 16384

MAX_UNSENT_BYTES = 262_144
"""Answers kept for a peer that asks and does not read; one that exceeds this is dropped."""

FAREWELL = 0.2
"""Seconds a peer has to answer our close frame. Upstream's own tests want to be
disconnected within 250 ms."""


class State(enum.Enum):
    """Where a connection stands; see the drawing above."""

    OPENING = 1
    OPEN = 2
    LEAVING = 3
    CLOSED = 4


class Shared:
    """What all connections of a worker have in common.

    `opening` holds those whose head is not complete, oldest first, and since when.
    """

    def __init__(self, settings: Settings, reactor: Reactor, counts: Counts) -> None:
        self.reactor = reactor
        self.counts = counts
        self.profile = settings.profile
        self.greeter = Greeter(settings.profile)
        self.rules = Rules(
            max_message_bytes=settings.max_message,
            accept_unmasked=True,
            ignore_unknown_opcodes=True,
            any_close_code=True,
        )
        self.opening: dict[Connection, float] = {}

    def end_slow_heads(self, patience: float) -> None:
        """End the connections that have not sent a whole head within `patience` seconds."""
        before = self.reactor.now - patience
        for connection, since in list(self.opening.items()):
            if since > before:
                return
            self.counts.errors += 1
            connection.end()


class Connection:
    """A client over plain TCP. Closes its descriptor itself."""

    __slots__ = ("_codec", "_descriptor", "_head", "_shared", "_unsent", "state")

    def __init__(self, shared: Shared, descriptor: int) -> None:
        self._shared = shared
        self._descriptor = descriptor
        self._head: bytearray | None = None
        self._codec: WebSocketCodec | None = None
        self._unsent: bytearray | None = None
        self.state = State.OPENING

    def start(self) -> None:
        """Begin to serve the client, whose request has often come already."""
        self._shared.reactor.register(self._descriptor, self)
        self.on_ready(READ)
        if self.state is State.OPENING:
            self._shared.opening[self] = self._shared.reactor.now

    def leave(self, code: int, patience: float = FAREWELL) -> None:
        """Send a close frame, and give the peer `patience` seconds to answer it."""
        if self.state is State.OPEN:
            self._send(close_frame(code))
            self._leave(patience)
        elif self.state is State.OPENING:
            self.end()

    def end(self) -> None:
        """Close the connection now; harmless when it is closed."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._shared.counts.closed()
            self._shared.opening.pop(self, None)
            self._shared.reactor.close(self._descriptor)

    # -- the socket -----------------------------------------------------------

    def on_ready(self, events: int) -> None:
        """The reactor's call: read what came, or write what could not be written."""
        if events & WRITE:
            self._flush()
        if events == WRITE or self.state is State.CLOSED:
            return
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # reset by the peer, or it is unreachable
            self.end()
            return
        if data:
            self._take(data)
        else:
            self.end()

    def _take(self, data: bytes) -> None:
        """Bytes came from the socket."""
        self._receive(data)

    def _send(self, data: bytes) -> None:
        """Bytes are for the client."""
        self._shared.counts.bytes_sent += len(data)
        self._write(data)

    def _write(self, data: bytes) -> None:
        """Bytes are for the socket; what it does not take is kept."""
        if self._unsent is not None:
            self._unsent += data
            if len(self._unsent) > MAX_UNSENT_BYTES:
                self._break_off()
            return
        try:
            sent = os.write(self._descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:  # reset by the peer
            self.end()
            return
        if sent < len(data):
            self._unsent = bytearray(data[sent:])
            self._shared.reactor.modify(self._descriptor, READ | WRITE)

    def _flush(self) -> None:
        unsent = self._unsent
        if unsent is None:
            return
        try:
            sent = os.write(self._descriptor, unsent)
        except BlockingIOError:
            return
        except OSError:  # reset by the peer
            self.end()
            return
        del unsent[:sent]
        if not unsent:
            self._unsent = None
            self._shared.reactor.modify(self._descriptor, READ)
            if self.state is State.LEAVING:
                self._half_close()

    # -- the client -----------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        """Bytes came from the client."""
        self._shared.counts.bytes_received += len(data)
        if self.state is State.OPENING:
            self._receive_head(data)
        else:
            self._receive_frames(data)

    def _receive_head(self, data: bytes) -> None:
        head = self._head
        if head is None:
            end = data.find(b"\r\n\r\n")
        else:
            searched = max(0, len(head) - 3)
            head += data
            end = head.find(b"\r\n\r\n", searched)
            data = bytes(head) if end >= 0 else data
        if end < 0:
            self._keep_head(data)
            return
        end += 4
        if end > MAX_HEAD_BYTES:
            self._break_off()
            return
        self._head = None
        self._shared.opening.pop(self, None)
        if end == len(data):
            self._greet(data)
            return
        self._greet(data[:end])
        if self.state is State.OPEN:
            self._receive_frames(data[end:])

    def _keep_head(self, data: bytes) -> None:
        """Wait for the rest of a head, as long as it can still become one."""
        if self._head is None:
            if not data[:1].isupper():  # no method; TLS towards a plain port, or garbage
                self._reject()
                return
            self._head = bytearray(data)
        if len(self._head) >= MAX_HEAD_BYTES:
            self._break_off()

    def _reject(self) -> None:
        self._shared.counts.errors += 1
        self._send(BAD_REQUEST)
        self._leave()

    def _greet(self, head: bytes) -> None:
        greeting = self._shared.greeter.greet(head)
        if greeting.outcome is Outcome.BAD_REQUEST:
            self._reject()
            return
        self._shared.counts.upgrades += 1
        self.state = State.OPEN
        self._send(greeting.data)
        if greeting.outcome is Outcome.REFUSED:
            self._leave()

    def _receive_frames(self, data: bytes) -> None:
        codec = self._codec or WebSocketCodec(Role.SERVER, rules=self._shared.rules)
        broken: FrameError | None = None
        try:
            events = codec.feed(data)
        except FrameError as error:
            events, broken = error.events, error
        self._codec = None if codec.is_idle else codec
        if self.state is State.OPEN:
            self._answer(events)
        if events and isinstance(events[-1], Close):
            self.end()
        elif broken is not None and self.state is State.OPEN:
            self._punish(broken)

    def _answer(self, events: list[Event]) -> None:
        """Send all that the events ask for, in one write."""
        replies = []
        for event in events:
            if isinstance(event, (TextMessage, BinaryMessage)):
                self._shared.counts.messages += 1
                message = event.text if isinstance(event, TextMessage) else event.data
                replies.append(frame(Opcode.TEXT, answer(self._shared.profile, message)))
            elif isinstance(event, Ping):
                replies.append(frame(Opcode.PONG, event.payload))
            elif isinstance(event, Close):
                replies.append(_echo(event))
        if replies:
            self._send(b"".join(replies))

    def _punish(self, error: FrameError) -> None:
        """End a connection whose frames broke the rules."""
        if error.close_code is None or error.close_code == CloseCode.MESSAGE_TOO_BIG:
            self._break_off()  # as the original does: no close frame
            return
        self._shared.counts.errors += 1
        self.leave(error.close_code)

    def _break_off(self) -> None:
        self._shared.counts.errors += 1
        self.end()

    # -- leaving --------------------------------------------------------------

    def _leave(self, patience: float = FAREWELL) -> None:
        """Nothing more is sent; wait a moment for the peer to hang up."""
        if self.state is State.CLOSED:
            return
        self.state = State.LEAVING
        self._shared.opening.pop(self, None)
        reactor = self._shared.reactor
        reactor.wake_at(_Farewell(self), reactor.now + patience)
        if self._unsent is None:
            self._half_close()

    def _half_close(self) -> None:
        """Tell the peer that nothing follows, so that it sees the end at once."""
        with contextlib.suppress(OSError):  # it hung up first; its reset comes as an event
            kernel.shutdown_sending(self._descriptor)


class _Farewell:
    """Ends a connection that was told to leave and did not."""

    __slots__ = ("_connection", "bucket", "deadline")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.bucket: Bucket | None = None
        self.deadline = NEVER

    def on_timer(self) -> None:
        self._connection.end()


def _echo(close: Close) -> bytes:
    """A close frame like the peer's; without a code when its code must not be sent."""
    try:
        payload = close_payload(close.code, close.reason)
    except LocalProtocolError:
        payload = b""
    return frame(Opcode.CLOSE, payload)
