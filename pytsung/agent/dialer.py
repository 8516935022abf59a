"""Opening connections: source address, source port, socket options.

Once about half the port range of a source address is in use, the kernel's search
for a free port makes `connect()` a hundred times slower. IP_LOCAL_PORT_RANGE (Linux
6.3) narrows the search to a window drawn at random: measured 25 µs instead of
1.2–4.8 ms at 85 % full. Must not know users or protocols.
"""

from __future__ import annotations

import errno
import socket
import struct
from pathlib import Path
from random import Random

from pytsung.agent.resolver import Address
from pytsung.control.share import WorkerShare
from pytsung.plan import ConnectionOptions
from pytsung.stats import Recorder

IP_TRANSPARENT = 19
IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
"""Socket options of Linux that Python 3.10 has no names for (linux/in.h)."""

WINDOW = 250
"""Ports in one window: few enough to search quickly, enough to find a free one."""

CROWDED = 4000
"""Connections of one source address from which on windows are worth their system call."""

ATTEMPTS = 12
"""Windows, or fixed ports, tried before a connection is given up as `eaddrnotavail`."""

_UNSIGNED = struct.Struct("=I")
"""What Python's setsockopt does not take as a number: more than 31 bits."""

STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC

IN_PROGRESS = (0, errno.EINPROGRESS)


def error_name(error: OSError | int) -> str:
    """An error as Tsung counts it: its POSIX name in lower case."""
    number = error if isinstance(error, int) else error.errno or 0
    return errno.errorcode.get(number, f"errno_{number}").lower()


class Dialer:
    """Opens the connections of one worker; `recorder` knows how many are open."""

    def __init__(self, share: WorkerShare, recorder: Recorder, random: Random) -> None:
        self._share = share
        self._recorder = recorder
        self._random = random
        self._turn = 0
        self._next_port: dict[str, int] = {}
        self._windows = _window_starts()

    def dial(self, address: Address, options: ConnectionOptions) -> int:
        """Begin a connection; gives its non-blocking descriptor, not yet connected.

        Raises OSError with the reason; no descriptor is left behind.
        """
        source = self._source()
        for attempt in range(ATTEMPTS):
            # The plain type: socket.socket's own constructor costs as much as the system call.
            connection = socket.SocketType(address.family, STREAM)
            try:
                self._prepare(connection, options)
                self._bind(connection, source, options, attempt)
                code = connection.connect_ex(address.socket_address)
                if code in IN_PROGRESS:
                    return connection.detach()
                last = OSError(code, "connect")
            except OSError as error:
                last = error
            connection.close()
            if last.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                raise last
            if options.source_ports is None and not self._is_crowded:
                raise last
        raise last

    @property
    def _is_crowded(self) -> bool:
        """Whether a source address may be short of free ports."""
        sources = len(self._share.source_addresses) or 1
        return self._recorder.connections_open * self._share.count > CROWDED * sources

    def _source(self) -> str:
        """The local address of the next connection; empty where the kernel chooses."""
        if self._share.source_range:
            return _draw_address(self._share.source_range, self._random)
        addresses = self._share.source_addresses
        if not addresses:
            return ""
        self._turn += 1
        return addresses[self._turn % len(addresses)]

    @staticmethod
    def _prepare(connection: socket.SocketType, options: ConnectionOptions) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.receive_buffer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.send_buffer)
        if options.reuse_address:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if options.reuse_port:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if options.transparent:
            connection.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)

    def _bind(
        self, connection: socket.SocketType, source: str, options: ConnectionOptions, attempt: int
    ) -> None:
        """Fix the source as far as it is asked for."""
        if options.source_ports is not None:
            connection.bind((source, self._port(source, options.source_ports)))
            return
        if connection.family == socket.AF_INET:
            # The last attempt searches the whole range: every window may have been full.
            if self._windows and self._is_crowded and attempt < ATTEMPTS - 1:
                start = self._random.choice(self._windows)
                window = _UNSIGNED.pack((start + WINDOW - 1) << 16 | start)
                connection.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, window)
            if source:
                connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if source:
            connection.bind((source, 0))

    def _port(self, source: str, ports: tuple[int, int]) -> int:
        """The next port of a fixed range: each worker counts through every n-th one."""
        first, last = ports
        step, start = self._share.count, first + self._share.index
        port = self._next_port.get(source, start)
        if port > last:
            port = start if start <= last else first
        self._next_port[source] = port + step
        return port


def _draw_address(pattern: str, random: Random) -> str:
    """An address of a pattern such as `10.0.0-3.1-254`, each range drawn evenly."""
    parts = []
    for part in pattern.split("."):
        low, dash, high = part.partition("-")
        parts.append(str(random.randint(int(low), int(high))) if dash else low)
    return ".".join(parts)


def _window_starts() -> range | None:
    """Where windows of ports may begin; None where the kernel knows no windows."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, _UNSIGNED.pack(0))
        except OSError:
            return None
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return range(low, high - WINDOW + 2) if high - low >= 2 * WINDOW else None
