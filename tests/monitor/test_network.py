"""Which addresses of a host are asked, and in what order."""

from __future__ import annotations

import socket

import pytest
import trio

from pytsung.monitor.network import addresses_of
from pytsung.monitor.source import MonitorError


def test_ipv4_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """snmpd listens on it alone as Debian configures it, and `localhost` is ::1 on many hosts."""

    async def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        six = (socket.AF_INET6, None, None, None, ("::1", 161, 0, 0))
        return [six, (socket.AF_INET, None, None, None, ("127.0.0.1", 161))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", found)
    places = trio.run(addresses_of, "localhost", 161, socket.SOCK_DGRAM)
    assert [place[0] for _, place in places] == ["127.0.0.1", "::1"]


def test_an_address_with_brackets() -> None:
    """As it stands in a URL, and in many a configuration."""
    ((family, place),) = trio.run(addresses_of, "[::1]", 4949, socket.SOCK_STREAM)
    assert (family, place[:2]) == (socket.AF_INET6, ("::1", 4949))


def test_a_name_that_nobody_has() -> None:
    """A slip in the configuration, said as one."""
    with pytest.raises(MonitorError, match="does not resolve; correct <monitor host>"):
        trio.run(addresses_of, "nowhere.invalid", 161, socket.SOCK_DGRAM)
