"""Where a test runs and where it goes: agent hosts, targets, monitored hosts.

Must not know how a host is reached or a name resolved.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Transport(enum.Enum):
    """What carries a conversation to the target (Tsung's `<server type>`)."""

    TCP = "tcp"
    TLS = "tls"
    UDP = "udp"
    WEBSOCKET = "websocket"  # in the messages of a WebSocket
    WEBSOCKET_TLS = "websocket_ssl"
    LOCAL = "erlang"  # nothing: what is asked for happens on the agent host

    @property
    def is_secure(self) -> bool:
        """Whether TLS lies between."""
        return self in (Transport.TLS, Transport.WEBSOCKET_TLS)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a target. `ipv6` forces IPv6, as Tsung's `tcp6` and the like do.

    `via` is a proxy that is connected to instead, and asked for a way there.
    """

    host: str
    port: int
    transport: Transport = Transport.TCP
    ipv6: bool = False
    via: Endpoint | None = None

    def __str__(self) -> str:
        """`host:port`, with brackets around an IPv6 literal."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """Tsung's `<server>`: an endpoint that each new user is bound to by weight."""

    endpoint: Endpoint
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AgentHost:
    """Tsung's `<client>`: a host whose workers run virtual users.

    `max_users` is how many users one worker may hold; another worker takes over
    when it is reached. `source_addresses` are local addresses that connections
    leave from, in turn; `source_ranges` are patterns such as `10.0.0-3.1-254`
    drawn from at random. Empty: the kernel chooses. `batch` is the batch system whose
    hosts this one stands for.
    """

    name: str
    workers: int = 1
    max_users: int = 800
    weight: float = 1.0
    source_addresses: tuple[str, ...] = ()
    source_range: str = ""
    use_controller_vm: bool = False
    batch: str = ""


@dataclass(frozen=True, slots=True)
class MysqlAdmin:
    """Tsung's `<mysqladmin>`: a MySQL server on a monitored host, asked there."""

    port: int = 3306
    username: str = "root"
    password: str = ""


@dataclass(frozen=True, slots=True)
class SnmpObject:
    """Tsung's `<oid>`: one more figure to ask for, by its number `1.3.6.1…`.

    `kind` is Tsung's word for what it is: `sample`, `sample_counter` or `sum`. `code` is
    an Erlang function of the value, or empty.
    """

    oid: str
    name: str
    kind: str = "sample"
    code: str = ""


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """Tsung's `<snmp>`: how a host's SNMP agent is asked. `version` is 1 or 2 (v2c)."""

    port: int = 161
    community: str = "public"
    version: int = 2
    objects: tuple[SnmpObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitor:
    """Tsung's `<monitor>`: a host of the target whose CPU, memory and load are read.

    `kind` is `erlang` (a program of ours there), `snmp` or `munin`. `batch` is the batch
    system whose hosts this one stands for.
    """

    host: str
    kind: str = "erlang"
    mysql: MysqlAdmin | None = None
    snmp: SnmpAccess = SnmpAccess()
    munin_port: int = 4949
    batch: str = ""
