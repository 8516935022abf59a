"""What all live users of a worker share, and how they tell that they have ended.

Must not know who lives here: `Crowd` does.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from pytsung.agent.certificates import CertificateError, load_certificate
from pytsung.agent.dialer import Dialer
from pytsung.agent.layers import Layer, SecureLayer, new_layer
from pytsung.agent.resolver import Resolver
from pytsung.agent.stored import StoredConnection
from pytsung.agent.workshop import Workshop
from pytsung.control.leases import Supply
from pytsung.plan import ConnectionOptions, Endpoint, SetCertificate, TlsOptions
from pytsung.reactor.reactor import Reactor
from pytsung.user.world import World

__all__ = ["CertificateError", "Surroundings"]

MOST_CONTEXTS = 256
"""TLS contexts kept; each is some 50 KB, and users may each have a certificate."""

_Wishes = tuple[TlsOptions, SetCertificate | None]

TLS_VERSIONS = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1.1": ssl.TLSVersion.TLSv1_1,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}


class Surroundings:
    """Reactor, addresses, sockets and statistics of one worker.

    `is_stopping`: no new requests are to be made. `aborts_test`: a user asked for the
    end of the whole test. `last_end` is when the last user ended, on the monotonic
    clock; `when_ended` is called after each end. `when_in_need` and `when_gathered`
    are told of users who wait for what the whole test shares. `files` came with the
    plan, `stored` are connections that users have put aside. `workshop` is where
    things are done on this host.
    """

    def __init__(self, reactor: Reactor, resolver: Resolver, dialer: Dialer, world: World) -> None:
        self.reactor = reactor
        self.resolver = resolver
        self.dialer = dialer
        self.world = world
        self.is_stopping = False
        self.aborts_test = False
        self.last_end = monotonic()
        self.when_ended: Callable[[], None] | None = None
        self.files: Mapping[str, bytes] = {}
        self.stored: dict[tuple[object, str], StoredConnection] = {}
        self.when_in_need: Callable[[Any, Supply], None] = _nobody_waits
        self.when_gathered: Callable[[Any], None] = _nobody_waits
        self.workshop: Workshop | None = None
        self._tls_contexts: dict[_Wishes, ssl.SSLContext] = {}

    def user_ended(self, *, aborts_test: bool) -> None:
        """A user has ended; it has closed its connection."""
        self.last_end = monotonic()
        self.aborts_test = self.aborts_test or aborts_test
        if self.when_ended is not None:
            self.when_ended()

    def put_aside(
        self,
        user: Any,
        kind: str,
        descriptor: int,
        layer: Layer | None,
        tls_session: ssl.SSLSession | None,
    ) -> None:
        """Keep a live user's connection open, until it is taken up or the peer closes it."""

        def lost() -> None:
            self.stored.pop((user, kind), None)
            user.user.lost_stored(kind)

        stored = StoredConnection(descriptor, layer, tls_session, self.reactor, lost)
        self.stored[user, kind] = stored

    def close_stored(self, user: object) -> None:
        """A user ends: close what it has put aside."""
        for key in [key for key in self.stored if key[0] is user] if self.stored else ():
            self.stored.pop(key).close()

    def new_layer(
        self,
        endpoint: Endpoint,
        options: ConnectionOptions,
        certificate: SetCertificate | None = None,
        session: ssl.SSLSession | None = None,
    ) -> Layer:
        """What lies between the socket of a new connection and its conversation.

        Raises CertificateError when the certificate cannot be used.
        """
        tls = None
        if endpoint.transport.is_secure:
            name = endpoint.host if options.tls.send_sni else None
            context = self.tls_context(options.tls, certificate)
            tls = SecureLayer(context, server_hostname=name, session=session)
        world = self.world
        return new_layer(endpoint, options, tls, world.random, quirks=world.quirks)

    def tls_context(
        self, options: TlsOptions, certificate: SetCertificate | None = None
    ) -> ssl.SSLContext:
        """The context that all connections with these options share.

        Raises CertificateError when the certificate cannot be used.
        """
        wishes = (options, certificate)
        context = self._tls_contexts.get(wishes)
        if context is None:
            if len(self._tls_contexts) >= MOST_CONTEXTS:
                self._tls_contexts.clear()
            context = _client_context(options)
            if certificate is not None:
                load_certificate(context, certificate, self.files)
            self._tls_contexts[wishes] = context
        return context


def _nobody_waits(*_: object) -> None:
    raise AssertionError("nothing is shared out here")


def _client_context(options: TlsOptions) -> ssl.SSLContext:
    """A client's TLS settings. The server is not verified, as in Tsung: it is under test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if options.versions:
        versions = sorted(TLS_VERSIONS[name] for name in options.versions)
        context.minimum_version, context.maximum_version = versions[0], versions[-1]
    if options.ciphers:
        context.set_ciphers(options.ciphers)
    return context
