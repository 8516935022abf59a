"""An echoing WebSocket for either end, on pytsung's own reactor, TLS layer and codec.

What a message says, it says back. Must not know who is at the other end.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from random import Random

import trio

from pytsung.protocols.websocket import handshake
from pytsung.protocols.websocket.codec import FrameError, WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    CloseCode,
    Event,
    Ping,
    Role,
    TextMessage,
)
from pytsung.reactor.reactor import READ, WRITE, Reactor
from pytsung.reactor.tls import TlsLayer

READ_BYTES = 65536
LOOPBACK = "127.0.0.1"


class EchoPeer:
    """One connection, in either role; `on_end` is called when it is closed.

    After the last word it only half-closes, and reads on until the peer hangs up:
    closing a socket with unread bytes would reset it, and lose that last word.
    """

    hangs_up_first: bool

    def __init__(
        self,
        reactor: Reactor,
        connection: socket.socket,
        codec: WebSocketCodec,
        layer: TlsLayer | None,
        on_end: Callable[[], object],
    ) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reactor = reactor
        self._socket = connection
        self._codec = codec
        self._layer = layer
        self._on_end = on_end
        self._head: bytes | None = b""
        self._unsent = bytearray()
        self._is_leaving = False
        self.last_message: TextMessage | BinaryMessage | None = None
        reactor.register(connection.fileno(), self)
        if layer is not None:
            layer.start()
            self._write(layer.take())

    # -- the socket ---------------------------------------------------------------

    def on_ready(self, events: int) -> None:
        """Read what came, or write what could not be written."""
        if events & WRITE:
            self._flush()
        if events == WRITE:
            return
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._read(data)
        else:
            self._end()

    def _end(self) -> None:
        self._reactor.close(self._socket.detach())
        self._on_end()

    def _read(self, data: bytes) -> None:
        if self._layer is not None:
            data = self._layer.feed(data)
            self._write(self._layer.take())
        if data and not self._is_leaving:
            self._take(data)

    def _send(self, data: bytes) -> None:
        """Send plain bytes, through TLS if there is a layer."""
        if self._layer is not None:
            self._layer.send(data)
            data = self._layer.take()
        self._write(data)

    def _write(self, data: bytes) -> None:
        self._unsent += data
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            self._reactor.modify(self._socket.fileno(), READ | WRITE)
            return
        except OSError:  # reset: reading will say so
            self._unsent.clear()
        self._reactor.modify(self._socket.fileno(), READ)
        if self._is_leaving:
            self._half_close()

    def _leave(self) -> None:
        """Say no more, once everything is sent."""
        if self._layer is not None:
            self._layer.close()
            self._unsent += self._layer.take()
        self._is_leaving = True
        self._flush()

    def _half_close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the peer was faster

    # -- the conversation -----------------------------------------------------------

    def _read_head(self, data: bytes) -> int | None:
        """How long the other end's head is, once it is whole."""
        raise NotImplementedError

    def _take(self, data: bytes) -> None:
        if self._head is not None:
            data = self._head + data
            size = self._read_head(data)
            if size is None:
                self._head = data
                return
            self._head = None
            data = data[size:]
        if data:
            self._take_frames(data)

    def _take_frames(self, data: bytes) -> None:
        try:
            for event in self._codec.feed(data):
                self._answer(event)
        except FrameError as error:
            for event in error.events:
                self._answer(event)
            self._send(self._codec.send(Close(error.close_code or CloseCode.PROTOCOL_ERROR)))
            self._leave()

    def _answer(self, event: Event) -> None:
        if isinstance(event, (TextMessage, BinaryMessage)):
            self.last_message = event
            self._send(self._codec.send(event))
        elif isinstance(event, (Ping, Close)):
            self._send(self._codec.send(event.answer()))
            if isinstance(event, Close) and self.hangs_up_first:
                self._leave()


class EchoServer(EchoPeer):
    """The end that was connected to."""

    hangs_up_first = True  # RFC 6455, 7.1.1

    @classmethod
    def accept(
        cls,
        reactor: Reactor,
        connection: socket.socket,
        context: ssl.SSLContext | None,
    ) -> EchoServer:
        """Serve a connection."""
        layer = None if context is None else TlsLayer(context, server_side=True)
        return cls(reactor, connection, WebSocketCodec(Role.SERVER), layer, lambda: None)

    def _read_head(self, data: bytes) -> int | None:
        head = handshake.read_request(data)
        if head is None:
            return None
        assert head.is_upgrade_request
        self._send(handshake.response_template().fill(handshake.accept_of(head.key)))
        return head.size


class EchoClient(EchoPeer):
    """The end that connects."""

    hangs_up_first = False

    @classmethod
    def connect(
        cls,
        reactor: Reactor,
        port: int,
        path: str,
        context: ssl.SSLContext | None,
        on_end: Callable[[], object],
    ) -> EchoClient:
        """Connect and ask for `path`."""
        random = Random(port)
        layer = None if context is None else TlsLayer(context, server_hostname=LOOPBACK)
        connection = socket.create_connection((LOOPBACK, port))
        codec = WebSocketCodec(Role.CLIENT, random=random)
        client = cls(reactor, connection, codec, layer, on_end)
        client._key = handshake.make_key(random)
        request = handshake.request_template(f"{LOOPBACK}:{port}", path, origin=LOOPBACK)
        client._send(request.fill(client._key))
        return client

    _key = b""

    def _read_head(self, data: bytes) -> int | None:
        head = handshake.read_response(data)
        if head is None:
            return None
        assert head.is_agreement(handshake.accept_of(self._key))
        return head.size


class EchoListener:
    """Accepts connections, and echoes on them."""

    def __init__(self, reactor: Reactor, context: ssl.SSLContext | None) -> None:
        self._reactor = reactor
        self._context = context
        self._socket = socket.create_server((LOOPBACK, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        reactor.register(self._socket.fileno(), self)

    def on_ready(self, events: int) -> None:
        """Take one connection; the reactor calls again while there are more."""
        assert events
        connection, _ = self._socket.accept()
        EchoServer.accept(self._reactor, connection, self._context)

    def close(self) -> None:
        """Take no more."""
        self._reactor.close(self._socket.detach())


async def visit(
    reactor: Reactor, port: int, path: str, context: ssl.SSLContext | None
) -> TextMessage | BinaryMessage | None:
    """Be an echo at `path` until the server hangs up, and give what it said last."""
    ended = trio.Event()
    token = trio.lowlevel.current_trio_token()  # handlers run outside of trio
    client = EchoClient.connect(
        reactor, port, path, context, lambda: token.run_sync_soon(ended.set)
    )
    await ended.wait()
    return client.last_message
