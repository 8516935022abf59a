"""Listening sockets, all on one port (SO_REUSEPORT).

Must not know what is served.
"""

from __future__ import annotations

import errno
import socket

from pytsung.errors import UsageError

BACKLOG = 4096
"""What the kernel allows by default (net.core.somaxconn); the original had 512, and
half a second of 2,000 arrivals a second in front of a busy worker is twice that."""

UNACKNOWLEDGED = 60.0
"""Seconds that a peer may leave unacknowledged what was sent to it. A host that lost its
power says nothing; by itself the kernel tries for a quarter of an hour, with all that
is kept for it. Idle connections are not concerned."""

Address = tuple[socket.AddressFamily, tuple[str, int]]


def resolve(host: str, port: int) -> Address:
    """The address that `host` means; raises UsageError."""
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except OSError as error:
        raise UsageError(
            f"--host {host}: {error.strerror}; give an IPv4 or IPv6 address of this machine"
        ) from error
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def open_listeners(address: Address, count: int) -> list[socket.socket]:
    """Sockets that all listen on one port; port 0 takes a free one.

    Raises:
        UsageError: the port is taken, or needs rights we do not have.
    """
    family, (host, port) = address
    try:
        if port:
            # With SO_REUSEPORT we would quietly share the port with another server
            # of the same user, so first see whether it is free.
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
            return [open_listener(address) for _ in range(count)]
        with socket.socket(family) as finder:
            # The kernel's choice must become ours: a socket that it bound to a port of its
            # choice gets another one when it listens again.
            finder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            finder.bind((host, 0))
            found = (family, (host, finder.getsockname()[1]))
            return [open_listener(found) for _ in range(count)]
    except OSError as error:
        raise UsageError(f"{host}:{port}: {_text(error)}") from error


def open_listener(address: Address) -> socket.socket:
    """One more listening socket on a port of ours; raises OSError."""
    family, place = address
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Connections inherit both: a pushed event must not wait for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        patience = int(UNACKNOWLEDGED * 1000)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
        listener.setblocking(False)
        listener.bind(place)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _text(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is taken by another process; stop it (ss -ltnp shows it), or --port"
        case errno.EACCES:
            return "ports below 1024 need root (or CAP_NET_BIND_SERVICE); choose a higher --port"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have that address; ip address lists those that it has"
        case _:
            return f"cannot listen: {error.strerror}"
