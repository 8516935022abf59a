"""What a virtual user wants done: the answers it gives to facts.

The driver carries out a step and comes back with the next fact:

    Connect     open a connection, send `data` on it → connected and sent, or connect_failed
    Send        send `data` on the open connection   → sent, or send_failed
    Await       wait for data                        → received, peer_closed, or woke: too long
    Think       wait `seconds`                       → woke
    Hold        read nothing for `seconds`           → woke
    Park        wait without a timer                 → received
    AwaitLease  wait for more of `supply`            → supplied
    AwaitAll    wait for all the others              → released, or woke: too long
    Work        have `work` done on this host         → worked, or woke: too long
    Stay        go on with what was being waited for
    Reply       send `data` beside everything else, then do `then`
    Disconnect  close the connection, then do `then`
    Listen      read again, then do `then`
    Store       put the connection aside under `kind`, then do `then`
    Restore     take up the connection put aside under `kind`, then do `then`
    End         close the connection; the user is done
    AbortTest   as End, and ask for the end of the whole test

Must not know how any of it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from pytsung.control.leases import Supply
from pytsung.plan import Endpoint
from pytsung.protocols.local import LocalWork


@dataclass(slots=True)
class Connect:
    """Open a connection to `endpoint` within `timeout` seconds (None: for ever); send `data`."""

    endpoint: Endpoint
    data: bytes
    timeout: float | None = None


@dataclass(slots=True)
class Send:
    """Send `data` on the open connection."""

    data: bytes


@dataclass(slots=True)
class Await:
    """Wait for data; wake the user after `timeout` seconds of silence."""

    timeout: float


@dataclass(slots=True)
class Think:
    """Wake the user in `seconds`."""

    seconds: float


@dataclass(slots=True)
class Hold:
    """Read nothing, and wake the user in `seconds`: its rate is limited."""

    seconds: float


@dataclass(slots=True)
class Park:
    """Wait for data without a timer."""


@dataclass(slots=True)
class AwaitLease:
    """Wait until more of `supply` has come."""

    supply: Supply


@dataclass(slots=True)
class AwaitAll:
    """Wait for all the others, at most `timeout` seconds (None: for ever)."""

    timeout: float | None = None


@dataclass(slots=True)
class Work:
    """Have `work` done on this host; wake the user after `timeout` seconds."""

    work: LocalWork
    timeout: float


@dataclass(slots=True)
class Stay:
    """Nothing new: what was being waited for is still being waited for."""


@dataclass(slots=True)
class Reply:
    """Send `data` (a pong, say), then do `then`."""

    data: bytes
    then: Step


@dataclass(slots=True)
class Disconnect:
    """Close the connection, then do `then`."""

    then: Step


@dataclass(slots=True)
class Listen:
    """Read again, then do `then`."""

    then: Step


@dataclass(slots=True)
class Store:
    """Put the connection aside under `kind`, open as it is; then do `then`."""

    kind: str
    then: Step


@dataclass(slots=True)
class Restore:
    """Take up the connection that was put aside under `kind`, then do `then`."""

    kind: str
    then: Step


@dataclass(slots=True)
class End:
    """Close the connection if there is one; the user is done."""


@dataclass(slots=True)
class AbortTest:
    """As End, and the whole test is to end."""


Step = Union[  # noqa: UP007 - a forward reference to itself needs the old spelling
    Connect,
    Send,
    Await,
    Think,
    Hold,
    Park,
    AwaitLease,
    AwaitAll,
    Work,
    Stay,
    Reply,
    Disconnect,
    Listen,
    Store,
    Restore,
    End,
    AbortTest,
]

PARK = Park()
STAY = Stay()
END = End()
ABORT_TEST = AbortTest()
