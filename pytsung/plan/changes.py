"""What a session changes about its user on the way.

Must not know sockets or TLS libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from pytsung.plan.hosts import Transport
from pytsung.plan.options import RateLimit


@dataclass(frozen=True, slots=True)
class ChangeType:
    """Goes on with sessions of type `kind`, at another target (Tsung's `<change_type>`).

    `host` and `port` are texts that are filled with the user's variables. `store`
    puts the connection aside instead of closing it, `restore` takes up the one that
    was put aside for `kind`.
    """

    kind: str
    host: str
    port: str
    transport: Transport = Transport.TCP
    ipv6: bool = False
    store: bool = False
    restore: bool = False
    bidirectional: bool = False


@dataclass(frozen=True, slots=True)
class SetRateLimit:
    """From now on, received data is limited so."""

    limit: RateLimit


@dataclass(frozen=True, slots=True)
class SetConnectTimeout:
    """From now on, connecting may take so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SetCertificate:
    """From now on, TLS connections show this certificate; each text is filled first."""

    certificate: str = ""
    key: str = ""
    password: str = ""
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Notes the time under `name`, or records `tr_NAME`, the time since it was last noted.

    The note is the whole test's: one user's send is another's receive.
    """

    name: str
    is_send: bool


@dataclass(frozen=True, slots=True)
class WaitForAll:
    """Waits until so many users wait as the test's barrier asks for."""


Change = Union[  # noqa: UP007 - read at run time, on Python 3.10 too
    ChangeType, SetRateLimit, SetConnectTimeout, SetCertificate, Interaction, WaitForAll
]
