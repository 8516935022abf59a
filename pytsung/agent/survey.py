"""Looking at this host before a test: the limits that a load test meets.

Readings of /proc, and one short connection to each target. What the kernel does not
tell is left at the value that does no harm. Must not know what is enough.
"""

from __future__ import annotations

import errno
import os
import platform
import resource
import socket
import struct
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from time import monotonic, time

import trio

from pytsung.agent.dialer import IP_LOCAL_PORT_RANGE, error_name
from pytsung.agent.host import HostSampler
from pytsung.control.facts import (
    Descriptors,
    HostFacts,
    Memory,
    Ports,
    Reach,
    Tracking,
)
from pytsung.fence import Fence
from pytsung.plan import Endpoint, Transport

SYSCTL = Path("/proc/sys")
GROUP = Path("/sys/fs/cgroup")

REACH_TIME = 3.0
"""Seconds that a target has to accept a connection; its kernel does so in milliseconds."""

MOST_ADDRESSES = 1000
"""Source addresses tried: a pattern may stand for millions."""

RTF_GATEWAY = 0x2
"""A route's flag in /proc/net/route (linux/route.h)."""


async def survey(endpoints: Iterable[Endpoint], addresses: Iterable[str]) -> HostFacts:
    """What there is to know of this host; takes as long as the slowest target, 3 s at most.

    `addresses` are those that connections are to leave from.
    """
    addresses = list(islice(addresses, MOST_ADDRESSES))
    missing = _missing(addresses)
    source = next((one for one in addresses if one not in missing), "")
    reached = await _reach_all(endpoints, source)
    return HostFacts(
        python=platform.python_version(),
        kernel=platform.release(),
        cores=len(os.sched_getaffinity(0)),
        is_root=os.geteuid() == 0,
        clock=time(),
        device=_default_device(),
        accept_queue=_number("net/core/somaxconn", 4096),
        missing_addresses=missing,
        ports=_ports(),
        descriptors=_descriptors(),
        tracking=_tracking(has_connected=bool(reached)),
        memory=Memory(_free_memory(), _tcp_memory()),
        reached=reached,
    )


# -- limits ---------------------------------------------------------------------------


def _words(name: str) -> list[str]:
    """A kernel setting; nothing where this kernel, or this container, does not have it."""
    try:
        return (SYSCTL / name).read_text().split()
    except OSError:
        return []


def _number(name: str, otherwise: int) -> int:
    words = _words(name)
    return int(words[0]) if words else otherwise


def _ports() -> Ports:
    low, high = map(int, _words("net/ipv4/ip_local_port_range") or ("32768", "60999"))
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", 0))
            has_windows = True
        except OSError:
            has_windows = False
    return Ports(low, high, has_windows, _number("net/ipv4/tcp_tw_reuse", 2))


def _descriptors() -> Descriptors:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Descriptors(soft, hard, _number("fs/nr_open", 1048576))


def _tracking(*, has_connected: bool) -> Tracking:
    """The firewall's table. The kernel has one even where no rule wants connections tracked:
    when nothing is in it right after a connection was tried, it has no limit for us."""
    count = _number("net/netfilter/nf_conntrack_count", 0)
    if has_connected and not count:
        return Tracking()
    return Tracking(count, _number("net/netfilter/nf_conntrack_max", 0))


def _free_memory() -> int:
    """Bytes: what Linux calls available, or what the limit of a container leaves."""
    free = int(HostSampler().read().free_memory * 2**20)
    try:
        most, used = (int((GROUP / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no container, or "max": no limit
        return free
    return min(free, most - used)


def _tcp_memory() -> int:
    """The third figure of tcp_mem, which is in pages (tcp(7))."""
    words = _words("net/ipv4/tcp_mem")
    return int(words[2]) * os.sysconf("SC_PAGE_SIZE") if len(words) == 3 else 0


def _default_device() -> str:
    try:
        routes = Path("/proc/net/route").read_text().splitlines()[1:]
    except OSError:
        return ""
    for route in routes:
        device, destination, _, flags, *_ = route.split()
        if destination == "00000000" and int(flags, 16) & RTF_GATEWAY:
            return device
    return ""


# -- addresses ------------------------------------------------------------------------


def _missing(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those that this host does not have: no socket can be bound to them."""
    missing = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            try:
                probe.bind((address, 0))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    missing.append(address)
    return tuple(missing)


async def _reach_all(endpoints: Iterable[Endpoint], source: str) -> tuple[Reach, ...]:
    """Try each endpoint once, all at the same time, from a source address (or any)."""
    found: dict[Endpoint, Reach] = {}
    fence = Fence()

    async def reach(endpoint: Endpoint) -> None:
        began = monotonic()
        error = "timeout"
        with trio.move_on_after(REACH_TIME):
            error = await _connect(endpoint, source, fence)
        found[endpoint] = Reach(endpoint, monotonic() - began, error)

    async with trio.open_nursery() as nursery:
        wanted = [one for one in dict.fromkeys(endpoints) if one.transport not in _UNCONNECTED]
        for endpoint in wanted:
            nursery.start_soon(reach, endpoint)
    return tuple(found[endpoint] for endpoint in wanted)


_UNCONNECTED = (Transport.UDP, Transport.LOCAL)


async def _connect(endpoint: Endpoint, source: str, fence: Fence) -> str:
    """Connect and hang up; gives the error's name, empty for none."""
    family = socket.AF_INET6 if endpoint.ipv6 or ":" in endpoint.host else socket.AF_INET
    try:
        found = await trio.socket.getaddrinfo(
            endpoint.host, endpoint.port, family, socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        return "nxdomain"
    address = found[0][4]
    if not fence.allows(str(address[0]).partition("%")[0]):
        return "eacces"
    with trio.socket.socket(family, socket.SOCK_STREAM) as connection:
        try:
            if source and (":" in source) == (family == socket.AF_INET6):
                await connection.bind((source, 0))
            await connection.connect(address)
        except OSError as error:
            return error_name(error)
    return ""
