"""What all live users of a worker share, and how they tell that they have ended.

Must not know who lives here: `Crowd` does.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from time import monotonic

from pytsung.agent.dialer import Dialer
from pytsung.agent.resolver import Resolver
from pytsung.plan import TlsOptions
from pytsung.reactor.reactor import Reactor
from pytsung.user.world import World

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
    clock; `when_ended` is called after each end.
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
        self._tls_contexts: dict[TlsOptions, ssl.SSLContext] = {}

    def user_ended(self, *, aborts_test: bool) -> None:
        """A user has ended; it has closed its connection."""
        self.last_end = monotonic()
        self.aborts_test = self.aborts_test or aborts_test
        if self.when_ended is not None:
            self.when_ended()

    def tls_context(self, options: TlsOptions) -> ssl.SSLContext:
        """The context that all connections with these options share."""
        context = self._tls_contexts.get(options)
        if context is None:
            context = self._tls_contexts[options] = _client_context(options)
        return context


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
