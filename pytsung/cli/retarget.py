"""Sending a plan elsewhere: `--server HOST:PORT`, and what `--local` makes of its clients.

Plain functions from plan to plan. Must not know what is there.
"""

from __future__ import annotations

import socket
from dataclasses import fields, is_dataclass, replace
from typing import Any

from pytsung.controller.target import is_loopback
from pytsung.errors import UsageError
from pytsung.plan import ChangeType, Endpoint, Plan

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def send_to(plan: Plan, server: str) -> Plan:
    """The plan with every endpoint in it at HOST:PORT, and no monitors. Raises UsageError.

    What servers are called stays: an absolute URL's host is still in `Host`.
    """
    host, colon, port_text = server.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    port = int(port_text) if port_text.isdecimal() else 0
    if not colon or not host or not 1 <= port <= 65535:
        raise UsageError(f"--server {server!r}: not HOST:PORT; write 127.0.0.1:8080 or [::1]:8080")
    targets = _moved(plan.targets, host, port)
    sessions = _moved(plan.sessions, host, port)
    return replace(plan, targets=targets, sessions=sessions, monitors=())


def _moved(value: Any, host: str, port: int) -> Any:
    """Any part of a plan with the endpoints in it, however deep, at one host and port."""
    if isinstance(value, Endpoint):
        return replace(value, host=host, port=port)
    if isinstance(value, ChangeType):
        return replace(value, host=host, port=str(port))
    if isinstance(value, tuple):
        return tuple(_moved(part, host, port) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = ((each.name, getattr(value, each.name)) for each in fields(value))
        return replace(value, **{name: _moved(part, host, port) for name, part in parts})
    return value


def local_names() -> frozenset[str]:
    """The names of this machine: agents on them need no connection, a pipe does."""
    name = socket.gethostname()
    return frozenset({*LOCAL_NAMES, name, name.partition(".")[0]})


def goes_to_loopback(plan: Plan) -> bool:
    """Whether every target is an IPv4 loopback address of this machine."""
    return bool(plan.targets) and all(
        is_loopback(target.endpoint.host)
        and ":" not in target.endpoint.host
        and not target.endpoint.ipv6
        for target in plan.targets
    )
