"""What can lie between a socket and a conversation, each blind to the others.

A stream of TCP has nothing there. Everything else is a `Layer`: bytes of the
socket in, blocks for the conversation out, and back. Must not know users or sockets.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from random import Random
from typing import Protocol

from pytsung.agent.datagrams import DatagramLayer
from pytsung.agent.tunnel_layer import TunnelLayer
from pytsung.agent.websocket_layer import WebSocketLayer
from pytsung.plan import ConnectionOptions, Endpoint, Transport
from pytsung.reactor.tls import TlsLayer


class Layer(Protocol):
    """One connection's state above its socket.

    `established`: the connection stands, as far as the sample `connect` goes.
    `is_open`: what is given to `send` goes out, and does not wait for the peer.
    `closed`: the peer has closed. `fault`: why nothing more can come of it, "" while
    there is no reason. `keeps_bounds`: each write is a datagram, and may get lost.
    """

    @property
    def established(self) -> bool:
        """Whether the connection stands."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether what is sent goes out at once."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the peer has closed."""
        ...

    @property
    def fault(self) -> str:
        """Why it is of no more use."""
        ...

    @property
    def keeps_bounds(self) -> bool:
        """Whether each write is one datagram."""
        ...

    @property
    def session(self) -> ssl.SSLSession | None:
        """What a later connection with TLS may resume."""
        ...

    def start(self) -> None:
        """Begin; what is to be sent first is in `take()`."""
        ...

    def blocks(self, data: bytes) -> Sequence[bytes]:
        """What received bytes complete; `b""` is the end of a stream. Raises ssl.SSLError."""
        ...

    def send(self, data: bytes) -> None:
        """Take a request or reply; it waits here until the layer is open."""
        ...

    def take(self) -> bytes:
        """The bytes to write to the socket now."""
        ...

    def close(self) -> None:
        """Say goodbye, without waiting for the peer's."""
        ...


class SecureLayer(TlsLayer):
    """TLS alone."""

    __slots__ = ()

    fault = ""
    keeps_bounds = False

    @property
    def is_open(self) -> bool:
        """The same as established: a handshake ends with both."""
        return self.established

    def blocks(self, data: bytes) -> Sequence[bytes]:
        """All plaintext at once."""
        plaintext = self.feed(data)
        return (plaintext,) if plaintext else ()


def new_layer(
    endpoint: Endpoint,
    options: ConnectionOptions,
    tls: SecureLayer | None,
    random: Random,
    *,
    quirks: bool = False,
) -> Layer:
    """The layer of a connection to an endpoint that is no plain stream; `tls` where it has any."""
    if endpoint.transport in (Transport.WEBSOCKET, Transport.WEBSOCKET_TLS):
        return WebSocketLayer(endpoint, options.websocket, random, tls, quirks=quirks)
    if tls is not None and endpoint.via is not None:
        return TunnelLayer(endpoint, tls)
    return tls if tls is not None else DatagramLayer()
