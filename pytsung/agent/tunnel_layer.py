"""A way through an HTTP proxy: CONNECT first, then TLS with whoever is behind it.

The proxy carries bytes that it cannot read (RFC 9110, 9.3.6). The sample `connect`
takes it all in, as the user sees it. Must not know sockets, or what is said then.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence

from pytsung.plan import Endpoint
from pytsung.reactor.tls import TlsLayer

PROXY_REFUSED = "error_http_proxy_{status}"
"""Counted where a proxy answers with anything but 2xx; the user ends."""

PROXY_ERROR = "error_http_proxy"
"""Counted where it answers with what is no HTTP, or with too much of it."""

MAX_HEAD_BYTES = 65536
"""Of the proxy's answer; nothing in it is of use but the status."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")


class TunnelLayer:
    """TLS with `endpoint`, which a proxy is asked to connect to."""

    __slots__ = ("_answer", "_endpoint", "_question", "_tls", "closed", "fault")

    keeps_bounds = False

    def __init__(self, endpoint: Endpoint, tls: TlsLayer) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._question = b""
        self._answer: bytes | None = b""  # until the proxy has agreed
        self.closed = False
        self.fault = ""

    @property
    def established(self) -> bool:
        """Whether both handshakes are done."""
        return self._tls.established

    @property
    def is_open(self) -> bool:
        """The same."""
        return self._tls.established

    @property
    def session(self) -> ssl.SSLSession | None:
        """What a later connection may resume."""
        return self._tls.session

    def start(self) -> None:
        """Ask the proxy."""
        to = str(self._endpoint)
        self._question = f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode()

    def blocks(self, data: bytes) -> Sequence[bytes]:
        """The plaintext, once there is any."""
        if self._answer is not None:
            if not data:
                self.closed = True
                return ()
            data = self._hear(self._answer + data)
            if not data:
                return ()
        plaintext = self._tls.feed(data)
        self.closed = self._tls.closed
        return (plaintext,) if plaintext else ()

    def send(self, data: bytes) -> None:
        """Take a request; it waits for both handshakes."""
        self._tls.send(data)

    def take(self) -> bytes:
        """The bytes for the proxy, and through it."""
        question, self._question = self._question, b""
        return question or self._tls.take()

    def close(self) -> None:
        """Say goodbye to whoever is behind the proxy."""
        if self._answer is None:
            self._tls.close()

    def _hear(self, answer: bytes) -> bytes:
        """Read the proxy's answer; gives what follows it."""
        head, end, rest = answer.partition(b"\r\n\r\n")
        if not end:
            self._answer = answer
            if len(answer) > MAX_HEAD_BYTES:
                self.fault = PROXY_ERROR
            return b""
        found = _STATUS.match(head + b"\r")
        if found is None:
            self.fault = PROXY_ERROR
        elif not found[1].startswith(b"2"):
            self.fault = PROXY_REFUSED.format(status=found[1].decode())
        else:
            self._answer = None
            self._tls.start()
            return rest
        return b""
