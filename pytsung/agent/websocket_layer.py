"""A WebSocket that carries a conversation: server types `websocket` and `websocket_ssl`.

The upgrade is made before the first request goes out; then each write is one frame,
each message one block. Pings are answered here. Sizes in statistics are those of
payloads, as in Tsung: neither handshake nor frame headers count. Must not know
sockets, or what the conversation says.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Sequence
from random import Random

from pytsung.plan import Endpoint, WebSocketOptions
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
from pytsung.protocols.websocket.handshake import accept_of, make_key
from pytsung.protocols.websocket.requests import Connect
from pytsung.protocols.websocket.upgrade import fill_request, route
from pytsung.reactor.tls import TlsLayer

REFUSED = "no_ws_connection"
"""Tsung's word for a send without a WebSocket: the server did not agree to one."""

PROTOCOL_ERROR = "error_websocket_protocol"
"""The server broke RFC 6455; the same counter as in WebSocket sessions."""

_GOODBYE = close_payload(CloseCode.NORMAL, "close")  # the bytes that Tsung sends


class WebSocketLayer:
    """One WebSocket, with TLS below it where there is any."""

    __slots__ = (
        "_below",
        "_codec",
        "_key",
        "_opcode",
        "_outgoing",
        "_random",
        "_received",
        "_request",
        "_route",
        "_unsent",
        "closed",
        "fault",
        "is_open",
    )

    keeps_bounds = False

    def __init__(
        self,
        endpoint: Endpoint,
        options: WebSocketOptions,
        random: Random,
        below: TlsLayer | None,
        *,
        quirks: bool = False,
    ) -> None:
        request = _connect(options)
        self._route = route(request, endpoint, quirks)
        self._request = self._route.request or fill_request(request, endpoint, str, quirks=quirks)
        self._key = make_key(random)
        self._random = random
        self._below = below
        self._opcode = Opcode.TEXT if options.is_text else Opcode.BINARY
        self._codec: WebSocketCodec | None = None  # only while a message is incomplete
        self._outgoing = b""
        self._received = b""  # the beginning of the answer to the upgrade
        self._unsent: list[bytes] = []
        self.is_open = False
        self.closed = False
        self.fault = ""

    @property
    def established(self) -> bool:
        """As what lies below: the upgrade is not in the sample `connect`."""
        return self._below is None or self._below.established

    @property
    def session(self) -> ssl.SSLSession | None:
        """That of TLS."""
        return self._below.session if self._below is not None else None

    def start(self) -> None:
        """Ask for the upgrade."""
        if self._below is not None:
            self._below.start()
        self._outgoing = self._request.fill(self._key)

    def take(self) -> bytes:
        """The bytes to write to the socket now."""
        data, self._outgoing = self._outgoing, b""
        if self._below is None:
            return data
        if data:
            self._below.send(data)
        return self._below.take()

    def send(self, data: bytes) -> None:
        """One frame."""
        if self.is_open:
            self._outgoing += frame(self._opcode, data, self._random)
        else:
            self._unsent.append(data)

    def blocks(self, data: bytes) -> Sequence[bytes]:
        """The payloads of the messages that came whole. Raises ssl.SSLError."""
        has_ended = not data
        if self._below is not None:
            data = self._below.feed(data)
            has_ended = self._below.closed
        payloads: Sequence[bytes] = ()
        if data and not self.closed:
            payloads = self._read_frames(data) if self.is_open else self._read_answer(data)
        self.closed = self.closed or has_ended
        return payloads

    def close(self) -> None:
        """Send a close frame, unless the WebSocket is not there, or closed already."""
        if self.is_open and not self.closed and not self.fault:
            self._outgoing += frame(Opcode.CLOSE, _GOODBYE, self._random)
        if self._below is not None:
            if self._outgoing and self._below.established:
                self._below.send(self._outgoing)
            self._outgoing = b""
            self._below.close()

    def _read_answer(self, data: bytes) -> Sequence[bytes]:
        data = self._received + data
        answer = self._route.read_answer(data, accept_of(self._key))
        if answer is None:
            self._received = data
            return ()
        size, agrees = answer
        self._received = b""
        if not agrees:
            self.fault = REFUSED
            return ()
        self.is_open = True
        for each in self._unsent:
            self.send(each)
        self._unsent.clear()
        return self._read_frames(data[size:]) if len(data) > size else ()

    def _read_frames(self, data: bytes) -> Sequence[bytes]:
        codec = self._codec or WebSocketCodec(Role.CLIENT, random=self._random)
        try:
            events = codec.feed(data)
        except FrameError as error:
            events = error.events
            self.fault = PROTOCOL_ERROR
            self._outgoing += codec.send(Close(error.close_code or CloseCode.PROTOCOL_ERROR))
        payloads = [
            payload for event in events if (payload := self._take(event, codec)) is not None
        ]
        self._codec = None if codec.is_idle else codec
        return payloads

    def _take(self, event: Event, codec: WebSocketCodec) -> bytes | None:
        """A message's payload; None for what is not the conversation's business."""
        if isinstance(event, TextMessage):
            return event.text.encode()
        if isinstance(event, BinaryMessage):
            return event.data
        if isinstance(event, Ping | Close) and not self.fault:
            self._outgoing += codec.send(event.answer())
        self.closed = self.closed or isinstance(event, Close)
        return None


@functools.lru_cache(64)
def _connect(options: WebSocketOptions) -> Connect:
    """The upgrade's request; the same object each time, so that its route is found quickly."""
    return Connect(options.path, options.origin, options.subprotocols)
