"""Addresses of hosts that are asked over the network itself.

Must not know what is said to them.
"""

from __future__ import annotations

import socket
from typing import Any

import trio

from pytsung.fence import Fence
from pytsung.monitor.source import MonitorError


async def addresses_of(host: str, port: int, kind: socket.SocketKind) -> list[tuple[int, Any]]:
    """Families and addresses of a host that may be reached, IPv4 first. Raises MonitorError.

    Daemons that are monitored with listen on IPv4 alone unless they are told otherwise,
    while `localhost` is often ::1 first.
    """
    try:
        found = await trio.socket.getaddrinfo(host.strip("[]"), port, type=kind)
    except socket.gaierror as error:
        raise MonitorError("its name does not resolve; correct <monitor host>") from error
    places = [(int(family), place) for family, _, _, _, place in found]
    for _, place in places:
        if not Fence().allows(str(place[0]).partition("%")[0]):
            raise MonitorError(
                f"{place[0]} is outside PYTSUNG_TEST_NETWORKS while PYTSUNG_LOOPBACK_ONLY is "
                "set; unset it"
            )
    return sorted(places, key=lambda one: one[0] != socket.AF_INET)
