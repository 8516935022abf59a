"""Names of targets to addresses, for very many users at once.

A name is looked up once and kept for a while: Tsung looks it up for each
connection, which at thousands a second would load-test the name server. Who asks
while a look-up runs is told when it ends. Must not know users: it calls back.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import trio

from pytsung.fence import Fence
from pytsung.plan import Endpoint

KEEP = 30.0
"""Seconds for which an address is used before its name is looked up again."""

NXDOMAIN = "nxdomain"
"""Erlang's word for a name without an address, as counted in `error_connect_nxdomain`."""

REFUSED = "eacces"
"""What a connection outside the allowed networks counts as (see `Fence`)."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect: a socket family and its address."""

    family: int
    socket_address: tuple[str, int] | tuple[str, int, int, int]


class Resolver:
    """Addresses of endpoints; look-ups run as tasks of the given nursery."""

    def __init__(self, nursery: trio.Nursery, fence: Fence) -> None:
        self._nursery = nursery
        self._fence = fence
        self._known: dict[Endpoint, tuple[float, Address | str]] = {}
        self._latest: tuple[Endpoint, float, Address | str] | None = None
        self._waiting: dict[Endpoint, list[Callable[[], None]]] = {}

    def latest(self, endpoint: Endpoint, now: float) -> Address | str | None:
        """The address that was found last, if this is its endpoint: most users ask for it."""
        latest = self._latest
        if latest is not None and latest[0] is endpoint and now < latest[1]:
            return latest[2]
        return None

    def find(self, endpoint: Endpoint, when_known: Callable[[], None]) -> Address | str | None:
        """The endpoint's address, or the reason why there is none.

        None: it is being looked up, and `when_known` will be called to ask again.
        """
        known = self._known.get(endpoint)
        if known is not None and monotonic() < known[0]:
            self._latest = (endpoint, *known)
            return known[1]
        waiting = self._waiting.get(endpoint)
        if waiting is None:
            self._waiting[endpoint] = [when_known]
            self._nursery.start_soon(self._look_up, endpoint)
        else:
            waiting.append(when_known)
        return None

    async def _look_up(self, endpoint: Endpoint) -> None:
        near = endpoint.via or endpoint
        family = socket.AF_INET6 if near.ipv6 or ":" in near.host else socket.AF_INET
        try:
            found = await trio.socket.getaddrinfo(near.host, near.port, family, socket.SOCK_STREAM)
            address: Address | str = self._permitted(family, found[0][4])
        except (OSError, UnicodeError):
            address = NXDOMAIN
        keep = KEEP if isinstance(address, Address) else 1.0
        self._known[endpoint] = (monotonic() + keep, address)
        for when_known in self._waiting.pop(endpoint):
            when_known()

    def _permitted(self, family: int, socket_address: tuple[object, ...]) -> Address | str:
        host = str(socket_address[0])
        if not self._fence.allows(host.partition("%")[0]):
            return REFUSED
        return Address(family, socket_address)  # type: ignore[arg-type] # getaddrinfo's own tuple
