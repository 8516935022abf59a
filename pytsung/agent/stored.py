"""A connection put aside while its user talks to somebody else (`change_type store`).

What comes on it is thrown away; when the peer closes it, the user is told. Must not
know why it was put aside.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable

from pytsung.agent.layers import Layer
from pytsung.reactor.reactor import READ, Reactor

READ_SIZE = 65536


class StoredConnection:
    """One open descriptor, with the layer on it; a handler of the reactor.

    `lost` is called when the peer has closed it, after it was closed here.
    """

    __slots__ = ("_lost", "_reactor", "descriptor", "layer", "tls_session")

    def __init__(
        self,
        descriptor: int,
        layer: Layer | None,
        tls_session: ssl.SSLSession | None,
        reactor: Reactor,
        lost: Callable[[], None],
    ) -> None:
        self.descriptor = descriptor
        self.layer = layer
        self.tls_session = tls_session
        self._reactor = reactor
        self._lost = lost
        reactor.register(descriptor, self, READ)

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - errors show when reading
        """Throw away what came; a layer may want to answer it (a ping, say)."""
        layer = self.layer
        try:
            data = os.read(self.descriptor, READ_SIZE)
            if layer is not None:
                layer.blocks(data)
                answer = layer.take()
                if answer:
                    os.write(self.descriptor, answer)
        except BlockingIOError:
            return
        except (OSError, ssl.SSLError):
            if layer is not None and layer.keeps_bounds:
                return  # a datagram was refused
            data = b""
        if (not data or layer.closed or bool(layer.fault)) if layer is not None else not data:
            self.close()
            self._lost()

    def take(self) -> int:
        """Give the descriptor back; it is no longer watched."""
        self._reactor.unregister(self.descriptor)
        return self.descriptor

    def close(self) -> None:
        """Close the connection."""
        self._reactor.close(self.descriptor)
