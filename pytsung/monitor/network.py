"""Addresses of hosts that are asked over the network itself.

Must not know what is said to them.
"""

from __future__ import annotations

import socket
from typing import Any

import trio

from pytsung.fence import Fence
from pytsung.monitor.source import MonitorError


async def address_of(host: str, port: int, kind: socket.SocketKind) -> tuple[int, Any]:
    """The family and address of a host that may be reached. Raises MonitorError."""
    try:
        found = await trio.socket.getaddrinfo(host.strip("[]"), port, type=kind)
    except socket.gaierror as error:
        raise MonitorError("its name does not resolve; correct <monitor host>") from error
    family, _, _, _, place = found[0]
    if not Fence().allows(str(place[0]).partition("%")[0]):
        raise MonitorError(
            f"{place[0]} is outside PYTSUNG_TEST_NETWORKS while PYTSUNG_LOOPBACK_ONLY is set; "
            "unset it"
        )
    return family, place
