"""A client over TLS: the same connection with a layer between it and the socket.

Must not know heads, frames or messages.
"""

from __future__ import annotations

import ssl

from pytsung.errors import UsageError
from pytsung.reactor.tls import TlsLayer
from pytsung_server.connection import Connection
from pytsung_server.shared import Shared


class SecureConnection(Connection):
    """A client over TLS."""

    __slots__ = ("_layer",)

    def __init__(self, shared: Shared, descriptor: int, context: ssl.SSLContext) -> None:
        super().__init__(shared, descriptor)
        self._layer = TlsLayer(context, server_side=True)

    def _take(self, data: bytes) -> None:
        try:
            plaintext = self._layer.feed(data)
        except ssl.SSLError:
            self._pass_on()  # the alert
            self._break_off()
            return
        self._pass_on()
        if plaintext:
            self._receive(plaintext)
        if self._layer.closed:
            self.end()

    def _send(self, data: bytes) -> None:
        self._shared.counts.bytes_sent += len(data)
        self._layer.send(data)
        self._pass_on()

    def _half_close(self) -> None:
        if self._layer.established:
            self._layer.close()
            self._pass_on()
        super()._half_close()

    def _pass_on(self) -> None:
        ciphertext = self._layer.take()
        if ciphertext:
            self._write(ciphertext)


def server_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """A context that serves with a certificate; the key may be in the same file.

    Raises:
        UsageError: a file cannot be read, or certificate and key do not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise UsageError(
            f"--tls-cert {certificate}: {error.reason or error}; give a PEM certificate chain, "
            "and with --tls-key its unencrypted PEM key if that is in another file"
        ) from error
    except OSError as error:
        name = error.filename or (f"{certificate} or {key}" if key else certificate)
        raise UsageError(
            f"--tls-cert: {name}: {error.strerror}; give files that this user can read"
        ) from error
    return context


def _no_password() -> str:
    """Keeps OpenSSL from asking on the terminal."""
    return ""
