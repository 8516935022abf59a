"""Opening connections: source address, source port, socket options.

Once about half the port range of a source address is in use, the kernel's search
for a free port makes `connect()` a hundred times slower. IP_LOCAL_PORT_RANGE (Linux
6.3) narrows the search to a window drawn at random: measured 25 µs instead of
1.2–4.8 ms at 85 % full. Must not know users or protocols.
"""

from __future__ import annotations

import errno
import math
import socket
import struct
from collections.abc import Iterator
from itertools import cycle
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

CROWDED = 0.3
"""Part of a source address's ports in use from which on windows are worth their system call."""

_Settings = tuple[tuple[int, int, int], ...]
"""Socket options: level, name, value."""

ATTEMPTS = 12
"""Windows tried before a connection is given up as `eaddrnotavail`."""

PORTS_TRIED = 1000
"""Fixed ports tried before one is given up as `eaddrinuse`: a worker that has taken over
finds as many in use as its predecessor has users. Each costs some 5 µs."""

_UNSIGNED = struct.Struct("=I")
"""What Python's setsockopt does not take as a number: more than 31 bits."""

STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
DATAGRAM = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC

IN_PROGRESS = (0, errno.EINPROGRESS)


def error_name(error: OSError | int) -> str:
    """An error as Tsung counts it: its POSIX name in lower case."""
    number = error if isinstance(error, int) else error.errno or 0
    return errno.errorcode.get(number, f"errno_{number}").lower()


class Dialer:
    """Opens the connections of one worker; `recorder` knows how many are open."""

    def __init__(
        self, share: WorkerShare, recorder: Recorder, random: Random, *, is_successor: bool = False
    ) -> None:
        self._share = share
        self._recorder = recorder
        self._random = random
        self._sources: dict[int, Iterator[tuple[str, int]]]
        self._next_port: dict[str, int] = {}
        self._windows = _window_starts()
        if share.source_range:  # IPv4, as in Tsung
            drawn = _AddressRange(share.source_range, random)
            self._sources = {socket.AF_INET: iter(drawn)}
            count = len(drawn)
        else:
            self._sources = _by_family(share.source_addresses)
            count = max(1, len(share.source_addresses))
        # Other workers fill the same source addresses, about as fast as this one.
        self._crowded_from = CROWDED * _range_size() * count / share.count
        if is_successor:  # its predecessors hold theirs already
            self._crowded_from = 0
        self._settings: dict[int, tuple[ConnectionOptions, _Settings]] = {}
        self._latest: tuple[ConnectionOptions | None, _Settings] = None, ()

    def dial(self, address: Address, options: ConnectionOptions, kind: int = STREAM) -> int:
        """Begin a connection; gives its non-blocking descriptor, not yet connected.

        `kind` is STREAM or DATAGRAM. Raises OSError with the reason; no descriptor is
        left behind.
        """
        known, settings = self._latest
        if options is not known:
            settings = self._settings_of(options)
        is_crowded = self._recorder.connections_open > self._crowded_from
        if is_crowded or kind != STREAM or options.source_ports is not None:
            return self._search(address, options, kind, settings)
        # The plain type: socket.socket's own constructor costs as much as the system call.
        connection = socket.SocketType(address.family, STREAM)
        try:
            for level, name, value in settings:
                connection.setsockopt(level, name, value)
            sources = self._sources.get(address.family)
            if sources is not None:
                connection.bind(next(sources))
            code = connection.connect_ex(address.socket_address)
        except OSError:
            connection.close()
            raise
        if code in IN_PROGRESS:
            return connection.detach()
        connection.close()
        raise OSError(code, "connect")

    def _search(
        self, address: Address, options: ConnectionOptions, kind: int, settings: _Settings
    ) -> int:
        """As `dial`, where ports are scarce or fixed: one after the other until one is free."""
        if kind != STREAM:
            settings = _datagram_settings(options)
        sources = self._sources.get(address.family)
        place = next(sources) if sources is not None else None
        for attempt in range(_attempts(options)):
            connection = socket.SocketType(address.family, kind)
            try:
                for level, name, value in settings:
                    connection.setsockopt(level, name, value)
                if options.source_ports is not None:
                    source = place[0] if place is not None else ""
                    connection.bind((source, self._port(source, options.source_ports)))
                else:
                    # The last attempt searches the whole range: every window may have been full.
                    if attempt < ATTEMPTS - 1 and self._windows:
                        self._narrow(connection, self._windows)
                    if place is not None:
                        connection.bind(place)
                code = connection.connect_ex(address.socket_address)
                if code in IN_PROGRESS:
                    return connection.detach()
                last = OSError(code, "connect")
            except OSError as error:
                last = error
            connection.close()
            if last.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                raise last
        raise last

    def _settings_of(self, options: ConnectionOptions) -> _Settings:
        """The socket options that these options come to, remembered for the next connection."""
        if id(options) not in self._settings:
            # With the options themselves: while they are kept, nobody else has their id.
            self._settings[id(options)] = options, tuple(self._list_settings(options))
        self._latest = self._settings[id(options)]
        return self._latest[1]

    def _list_settings(self, options: ConnectionOptions) -> list[tuple[int, int, int]]:
        level = socket.SOL_SOCKET
        settings: list[tuple[int, int, int]] = []
        if options.receive_buffer is not None:
            settings.append((level, socket.SO_RCVBUF, options.receive_buffer))
        if options.send_buffer is not None:
            settings.append((level, socket.SO_SNDBUF, options.send_buffer))
        if options.reuse_address:
            settings.append((level, socket.SO_REUSEADDR, 1))
        if options.reuse_port:
            settings.append((level, socket.SO_REUSEPORT, 1))
        if options.transparent:
            settings.append((socket.IPPROTO_IP, IP_TRANSPARENT, 1))
        has_source = self._share.source_addresses or self._share.source_range
        if has_source and options.source_ports is None:
            settings.append((socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1))
        return settings

    def _narrow(self, connection: socket.SocketType, windows: range) -> None:
        """Let the kernel look for a port in one window only."""
        if connection.family == socket.AF_INET:
            start = windows[int(self._random.random() * len(windows))]
            window = _UNSIGNED.pack((start + WINDOW - 1) << 16 | start)
            connection.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, window)

    def _port(self, source: str, ports: tuple[int, int]) -> int:
        """The next port of a fixed range: each worker counts through every n-th one."""
        first, last = ports
        step, start = self._share.count, first + self._share.index
        port = self._next_port.get(source, start)
        if port > last:
            port = start if start <= last else first
        self._next_port[source] = port + step
        return port


def _datagram_settings(options: ConnectionOptions) -> _Settings:
    """The socket options of UDP."""
    level = socket.SOL_SOCKET
    buffers = (
        (socket.SO_RCVBUF, options.datagram_receive_buffer),
        (socket.SO_SNDBUF, options.datagram_send_buffer),
    )
    return tuple((level, name, size) for name, size in buffers if size is not None)


def _attempts(options: ConnectionOptions) -> int:
    if options.source_ports is None:
        return ATTEMPTS
    first, last = options.source_ports
    return min(last - first + 1, PORTS_TRIED)


def _by_family(addresses: tuple[str, ...]) -> dict[int, Iterator[tuple[str, int]]]:
    """Where connections of each address family begin, one after the other.

    A family that is missing begins where the kernel likes. Port 0: the kernel chooses
    that, too.
    """
    families = {
        socket.AF_INET: [(address, 0) for address in addresses if ":" not in address],
        socket.AF_INET6: [(address, 0) for address in addresses if ":" in address],
    }
    return {family: cycle(places) for family, places in families.items() if places}


class _AddressRange:
    """Addresses of a pattern such as `10.0.0-3.1-254`, each part of it drawn evenly."""

    def __init__(self, pattern: str, random: Random) -> None:
        self._random = random
        self._parts: list[list[str]] = []
        for part in pattern.split("."):
            low, _, high = part.partition("-")
            self._parts.append(list(map(str, range(int(low), int(high or low) + 1))))

    def __len__(self) -> int:
        return math.prod(map(len, self._parts))

    def __iter__(self) -> Iterator[tuple[str, int]]:
        draw = self._random.random
        while True:
            yield ".".join([part[int(draw() * len(part))] for part in self._parts]), 0


def _range_size() -> int:
    """How many ports of one address the kernel gives out."""
    low, high = _port_range()
    return high - low + 1


def _port_range() -> tuple[int, int]:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return low, high


def _window_starts() -> range | None:
    """Where windows of ports may begin; None where the kernel knows no windows."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, _UNSIGNED.pack(0))
        except OSError:
            return None
    low, high = _port_range()
    return range(low, high - WINDOW + 2) if high - low >= 2 * WINDOW else None
