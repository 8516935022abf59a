"""UDP as a layer: each write is a datagram, each datagram a block, and nobody hangs up.

The socket is connected, so the kernel tells of datagrams that were refused (ICMP,
port unreachable) and drops those of strangers. Tsung's are not connected: its users
hear of neither, and wait. Must not know sockets: `LiveUser` has them.
"""

from __future__ import annotations

from collections.abc import Sequence


class DatagramLayer:
    """A datagram on its way, if one is; there is no other state."""

    __slots__ = ("_outgoing",)

    established = True
    is_open = True
    closed = False
    fault = ""
    keeps_bounds = True
    session = None

    def __init__(self) -> None:
        self._outgoing = b""

    def start(self) -> None:
        """Nothing is said before the first datagram."""

    def blocks(self, data: bytes) -> Sequence[bytes]:
        """The datagram; an empty one is one, too."""
        return (data,)

    def send(self, data: bytes) -> None:
        """Take a datagram."""
        self._outgoing = data

    def take(self) -> bytes:
        """The datagram to write now."""
        data, self._outgoing = self._outgoing, b""
        return data

    def close(self) -> None:
        """Nobody is told."""
