"""What an agent finds out about its host before a test, and what it is asked to find out.

Limits as the kernel has them; nothing is judged here. Must not know what a plan needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytsung.plan import Endpoint


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the kernel takes the ports of outgoing connections from.

    `low` to `high`, both included. `has_windows`: the kernel knows IP_LOCAL_PORT_RANGE
    (Linux 6.3), without which only half of them can be had at a bearable price.
    `reuse` is net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 on loopback.
    """

    low: int = 32768
    high: int = 60999
    has_windows: bool = True
    reuse: int = 2


@dataclass(frozen=True, slots=True)
class Descriptors:
    """How many files a process may open: its limits, and the kernel's limit for those."""

    soft: int = 1024
    hard: int = 1048576
    nr_open: int = 1048576


@dataclass(frozen=True, slots=True)
class Tracking:
    """Connections that the firewall keeps track of; `most` is 0 where it does not."""

    count: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes: free (what Linux calls available), and the most that TCP's buffers may take."""

    free: int = 0
    tcp: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """An attempt to connect: `error` is the POSIX name in lower case, empty when it worked."""

    endpoint: Endpoint
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One host. `clock` is its Unix time at the survey's end.

    `missing_addresses` are source addresses that connections cannot leave from;
    `device` is the network interface of the default route, empty if there is none.
    """

    python: str = ""
    kernel: str = ""
    cores: int = 1
    is_root: bool = False
    clock: float = 0.0
    device: str = ""
    accept_queue: int = 4096
    missing_addresses: tuple[str, ...] = ()
    ports: Ports = field(default_factory=Ports)
    descriptors: Descriptors = field(default_factory=Descriptors)
    tracking: Tracking = field(default_factory=Tracking)
    memory: Memory = field(default_factory=Memory)
    reached: tuple[Reach, ...] = ()
