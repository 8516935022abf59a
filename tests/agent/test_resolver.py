"""Names of targets: looked up once for very many users, and never outside the fence in a test."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import trio

from pytsung.agent.resolver import Address, Resolver
from pytsung.fence import Fence
from pytsung.plan import Endpoint

UP = {"PYTSUNG_LOOPBACK_ONLY": "1"}


class Names(trio.abc.HostnameResolver):
    """A name server of our own, which counts how often it was asked."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - trio's own name
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        assert host is not None
        name = host.decode()
        self.asked.append(name)
        await trio.sleep(0.01)
        if name not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(family, type, 6, "", (self.addresses[name], port))]

    async def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        raise NotImplementedError


def resolving(addresses: dict[str, str], ask: Callable[[Resolver], Awaitable[None]]) -> list[str]:
    """Run `ask` with a resolver whose names are these; gives what was asked for."""
    names = Names(addresses)

    async def main() -> None:
        trio.socket.set_custom_hostname_resolver(names)
        async with trio.open_nursery() as nursery:
            await ask(Resolver(nursery, Fence(UP)))

    trio.run(main)
    return names.asked


async def found(resolver: Resolver, endpoint: Endpoint) -> Address | str:
    """Ask, and ask again when told."""
    known = trio.Event()
    answer = resolver.find(endpoint, known.set)
    if answer is None:
        with trio.fail_after(5):
            await known.wait()
        answer = resolver.find(endpoint, known.set)
    assert answer is not None
    return answer


def test_many_users_who_ask_at_once_cost_one_look_up() -> None:
    """Tsung looks a name up for each connection, and load-tests the name server."""
    target = Endpoint("target", 80)

    async def ask(resolver: Resolver) -> None:
        told: list[int] = []
        for number in range(1000):
            assert resolver.find(target, partial(told.append, number)) is None
        address = await found(resolver, target)
        assert address == Address(socket.AF_INET, ("127.0.0.5", 80))
        assert told == list(range(1000))  # in the order in which they came
        assert resolver.find(target, lambda: None) == address

    assert resolving({"target": "127.0.0.5"}, ask) == ["target"]


def test_an_unknown_name_is_erlangs_nxdomain() -> None:
    """Counted as `error_connect_nxdomain`."""

    async def ask(resolver: Resolver) -> None:
        assert await found(resolver, Endpoint("nobody", 80)) == "nxdomain"

    assert resolving({}, ask) == ["nobody"]


def test_a_name_may_lead_outside_the_fence() -> None:
    """What counts is the address, whatever it is called."""

    async def ask(resolver: Resolver) -> None:
        assert await found(resolver, Endpoint("elsewhere", 80)) == "eacces"

    resolving({"elsewhere": "192.0.2.1"}, ask)


def test_the_family_is_the_endpoints() -> None:
    """`tcp6` asks for IPv6, and so does an IPv6 literal."""

    async def ask(resolver: Resolver) -> None:
        for endpoint in (Endpoint("six", 80, ipv6=True), Endpoint("::1", 80)):
            address = await found(resolver, endpoint)
            assert isinstance(address, Address)
            assert address.family == socket.AF_INET6

    resolving({"six": "::1", "::1": "::1"}, ask)
