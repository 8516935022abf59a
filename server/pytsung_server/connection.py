"""One client, from accept to close.

    OPENING ──head──▶ OPEN ──close frame sent──▶ LEAVING ──▶ CLOSED
       └──400, refused──────────────────────────▶ LEAVING

Every state may go to CLOSED: the peer hung up, broke the rules, or was too slow.
While idle it is this one slotted object; head, codec and unsent bytes exist only
while there are any. Must not know what heads and messages mean.
"""

from __future__ import annotations

import enum

from pytsung.errors import LocalProtocolError
from pytsung.protocols.websocket.codec import FrameError, WebSocketCodec
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
from pytsung_server.greeting import BAD_REQUEST, Outcome, close_frame
from pytsung_server.index import Group, Ids
from pytsung_server.shared import Shared
from pytsung_server.transport import Transport

FAREWELL = 0.2
"""Seconds a peer has to answer our close frame. Upstream's own tests want to be
disconnected within 250 ms."""


class State(enum.Enum):
    """Where a connection stands; see the drawing above."""

    OPENING = 1
    OPEN = 2
    LEAVING = 3
    CLOSED = 4


# Looking a member up in its enum takes 50 ns before Python 3.12, a name of the module 3.
_OPENING, _OPEN, _LEAVING, _CLOSED = State


class Connection(Transport):
    """A client over plain TCP."""

    __slots__ = ("_codec", "_head", "group", "ids", "state")

    def __init__(self, shared: Shared, descriptor: int) -> None:
        super().__init__(shared, descriptor)
        self._head: bytearray | None = None
        self._codec: WebSocketCodec | None = None
        self.state = _OPENING
        self.group: Group | None = None
        self.ids: Ids = 0

    def start(self) -> None:
        """Begin to serve the client."""
        super().start()
        if self.state is _OPENING:
            self._shared.opening[self] = self._shared.reactor.now

    def leave(self, code: int, patience: float = FAREWELL) -> None:
        """Send a close frame, and give the peer `patience` seconds to answer it."""
        if self.state is _OPEN:
            self._send(close_frame(code))
            self._leave(patience)
        elif self.state is _OPENING:
            self.end()

    def push(self, data: bytes) -> None:
        """Send a frame that the client did not ask for just now; it may have to wait its turn."""
        if self.state is _OPEN:
            self._send(data)

    # -- between socket and client --------------------------------------------

    def _take(self, data: bytes) -> None:
        self._receive(data)

    def _send(self, data: bytes) -> None:
        """Bytes are for the client."""
        self._shared.counts.bytes_sent += len(data)
        self._write(data)

    def _flushed(self) -> None:
        if self.state is _LEAVING:
            self._half_close()

    def _overflowed(self) -> None:
        self._shared.counts.slow += 1
        self._break_off()

    def _ended(self) -> None:
        self.state = _CLOSED
        self._shared.index.leave(self)
        self._shared.counts.closed()
        self._shared.opening.pop(self, None)

    # -- the client -----------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        """Bytes came from the client."""
        self._shared.counts.bytes_received += len(data)
        if self.state is _OPENING:
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
        if self.state is _OPEN:
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
        greeting = self._shared.greeter.greet(head, self._peer)
        if greeting.outcome is Outcome.BAD_REQUEST:
            self._reject()
            return
        self._shared.counts.upgrades += 1
        self.state = _OPEN
        if greeting.group is not None:
            self._shared.index.join(self, greeting.group, greeting.first)
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
        if self.state is _OPEN:
            self._answer(events)
        if events and isinstance(events[-1], Close):
            self.end()
        elif broken is not None and self.state is _OPEN:
            self._punish(broken)

    def _answer(self, events: list[Event]) -> None:
        """Send all that the events ask for, in one write."""
        replies = []
        for event in events:
            if isinstance(event, (TextMessage, BinaryMessage)):
                self._shared.counts.messages += 1
                message = event.text if isinstance(event, TextMessage) else event.data
                answer = self._shared.conversation.answer(self, message)
                replies.append(frame(Opcode.TEXT, answer))
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
        if self.state is _CLOSED:
            return
        self.state = _LEAVING
        self._shared.index.leave(self)
        self._shared.opening.pop(self, None)
        reactor = self._shared.reactor
        reactor.wake_at(_Farewell(self), reactor.now + patience)
        if self._unsent is None:
            self._half_close()


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
