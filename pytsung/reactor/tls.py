"""TLS as a layer between a socket and a conversation: bytes in, bytes out.

Both ends use it. Must not know sockets: ciphertext is handed in and taken out.
Stands on `ssl.MemoryBIO`; one context is shared by all connections of one kind.
"""

from __future__ import annotations

import ssl

CHUNK = 65536
"""Plaintext read at once, in bytes; a TLS record holds 16 KiB at most (RFC 8446, 5.1)."""


class TlsLayer:
    """One TLS connection's state.

    `established` turns true when the handshake is done. All methods that may
    produce ciphertext leave it in `take()`. Any of them may raise `ssl.SSLError`;
    a fatal alert for the peer is then in `take()` too.
    """

    __slots__ = ("_incoming", "_object", "_outgoing", "_unsent", "closed", "established")

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side, server_hostname, session
        )
        self._unsent: list[bytes] = []
        self.established = False
        self.closed = False

    @property
    def session(self) -> ssl.SSLSession | None:
        """What a later connection may resume."""
        return self._object.session

    def take(self) -> bytes:
        """The ciphertext to send now."""
        return self._outgoing.read()

    def start(self) -> None:
        """Begin the handshake; the client's first flight is in `take()`."""
        self._handshake()

    def feed(self, data: bytes) -> bytes:
        """Take ciphertext, give the plaintext it completes; `b""` is the end of the stream.

        `closed` turns true when the peer has closed, by TLS or by the stream's end.
        """
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        if not self.established:
            self._handshake()
            if not self.established:
                return b""
        return self._read()

    def send(self, data: bytes) -> None:
        """Encrypt `data`; before the handshake is done it waits for that."""
        if not self.established:
            self._unsent.append(data)
            return
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]

    def close(self) -> None:
        """Say goodbye (close_notify, RFC 8446, 6.1) without waiting for the peer's."""
        try:
            self._object.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLError):
            return  # the alert is written; an answer, or its absence, changes nothing

    def _handshake(self) -> None:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.established = True
        for data in self._unsent:
            self.send(data)
        self._unsent = []

    def _read(self) -> bytes:
        parts = []
        while True:
            try:
                part = self._object.read(CHUNK)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self.closed = True
                break
            if not part:
                self.closed = True
                break
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
