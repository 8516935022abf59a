"""Connections from the server to others: to Redis, to an admin port.

Must not know what is said over them.
"""

from __future__ import annotations

import errno

import trio

from pytsung.fence import Fence


async def open_stream(host: str, port: int) -> trio.SocketStream:
    """A TCP connection.

    Raises:
        OSError: there is none to be had, or a test is not allowed to have it
            (PYTSUNG_LOOPBACK_ONLY, see `Fence`).
    """
    fence = Fence()
    if fence.is_up:
        found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
        if not all(fence.allows(str(address[0])) for *_, address in found):
            raise OSError(errno.EACCES, "PYTSUNG_LOOPBACK_ONLY allows only this host")
    return await trio.open_tcp_stream(host, port)
