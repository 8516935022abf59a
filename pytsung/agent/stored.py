"""A connection put aside while its user talks to somebody else (`change_type store`).

What comes on it is thrown away; when the peer closes it, the user is told. Must not
know why it was put aside.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable

from pytsung.reactor.reactor import READ, Reactor
from pytsung.reactor.tls import TlsLayer

READ_SIZE = 65536


class StoredConnection:
    """One open descriptor, with the TLS on it; a handler of the reactor.

    `lost` is called when the peer has closed it, after it was closed here.
    """

    __slots__ = ("_lost", "_reactor", "descriptor", "tls", "tls_session")

    def __init__(
        self,
        descriptor: int,
        tls: TlsLayer | None,
        tls_session: ssl.SSLSession | None,
        reactor: Reactor,
        lost: Callable[[], None],
    ) -> None:
        self.descriptor = descriptor
        self.tls = tls
        self.tls_session = tls_session
        self._reactor = reactor
        self._lost = lost
        reactor.register(descriptor, self, READ)

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - errors show when reading
        """Throw away what came."""
        try:
            data = os.read(self.descriptor, READ_SIZE)
            if data and self.tls is not None:
                self.tls.feed(data)
        except BlockingIOError:
            return
        except (OSError, ssl.SSLError):
            data = b""
        if not data or (self.tls is not None and self.tls.closed):
            self.close()
            self._lost()

    def take(self) -> int:
        """Give the descriptor back; it is no longer watched."""
        self._reactor.unregister(self.descriptor)
        return self.descriptor

    def close(self) -> None:
        """Close the connection."""
        self._reactor.close(self.descriptor)
