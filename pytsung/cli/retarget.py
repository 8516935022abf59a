"""Sending a plan elsewhere: `--server HOST:PORT`, and what `--local` makes of its clients.

Plain functions from plan to plan. Must not know what is there.
"""

from __future__ import annotations

import socket
from dataclasses import replace

from pytsung.controller.target import is_loopback
from pytsung.errors import UsageError
from pytsung.plan import AgentHost, Plan

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def send_to(plan: Plan, server: str) -> Plan:
    """The plan with every target at HOST:PORT, and no monitors. Raises UsageError."""
    host, colon, port_text = server.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    port = int(port_text) if port_text.isdecimal() else 0
    if not colon or not host or not 1 <= port <= 65535:
        raise UsageError(f"--server {server!r}: not HOST:PORT; write 127.0.0.1:8080 or [::1]:8080")
    targets = tuple(
        replace(target, endpoint=replace(target.endpoint, host=host, port=port))
        for target in plan.targets
    )
    return replace(plan, targets=targets, monitors=())


def remote_hosts(plan: Plan) -> list[AgentHost]:
    """The clients that are not this machine."""
    names = {*LOCAL_NAMES, socket.gethostname(), socket.gethostname().partition(".")[0]}
    return [host for host in plan.agent_hosts if host.name not in names]


def goes_to_loopback(plan: Plan) -> bool:
    """Whether every target is an IPv4 loopback address of this machine."""
    return bool(plan.targets) and all(
        is_loopback(target.endpoint.host)
        and ":" not in target.endpoint.host
        and not target.endpoint.ipv6
        for target in plan.targets
    )
