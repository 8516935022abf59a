"""Which hosts play a plan, and how the agent of each is reached.

Must not know what agents do there.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pytsung.cli.arguments import Arguments
from pytsung.cli.host_name import host_name
from pytsung.cli.retarget import goes_to_loopback, local_names
from pytsung.controller.batch import with_batch_hosts
from pytsung.controller.bootstrap import Bootstrap
from pytsung.controller.bundle import make_bundle
from pytsung.controller.child import LocalLauncher
from pytsung.controller.connector import ConnectorLauncher, connector_command
from pytsung.controller.launcher import Launcher
from pytsung.controller.monitoring import make_monitoring, settled_monitors
from pytsung.controller.plugin_code import plugin_code
from pytsung.controller.probes import Shell, connector_shell, own_probe, probe_of
from pytsung.controller.shares import AgentRole, fleet_roles, local_role
from pytsung.monitor.probed_host import Connect
from pytsung.monitor.watch import Monitoring
from pytsung.plan import Monitor, Plan

if TYPE_CHECKING:
    from pytsung.ssh import SshClient


def settled(asked: Arguments, plan: Plan) -> Plan:
    """The plan with the hosts that a batch system gives to this job.

    Raises UsageError where it gives none for agents.
    """
    plan = replace(plan, monitors=settled_monitors(plan.monitors, os.environ))
    if asked.local:
        return plan
    hosts = with_batch_hosts(plan.agent_hosts, local_names(), os.environ)
    return replace(plan, agent_hosts=hosts)


def roles(asked: Arguments, plan: Plan) -> list[AgentRole]:
    """One agent per host, or one on this machine for all of them with --local."""
    cores = os.cpu_count() or 1
    if not asked.local:
        return fleet_roles(plan, local_names(), cores)
    first = None
    if goes_to_loopback(plan):
        # Another net for each run: ports of the last one may still be in TIME_WAIT.
        first = (os.getpid() % 250 + 1, 1)
    return [local_role(plan, cores, first)]


class Ways:
    """How hosts are reached, as long as the context that gave it lasts; see `open_ways`."""

    def __init__(self, asked: Arguments, client: SshClient | None) -> None:
        self._asked = asked
        self._client = client

    def launchers(self, roles: Sequence[AgentRole]) -> list[Launcher]:
        """A launcher for each role."""
        return [
            LocalLauncher() if role.host == "localhost" else self._remote(role.host)
            for role in roles
        ]

    def monitoring(
        self, monitors: Sequence[Monitor], roles: Sequence[AgentRole], run_id: str
    ) -> Monitoring:
        """What watches the monitored hosts."""

        def connect(host: str) -> Connect:
            if host in local_names():
                return own_probe(run_id)
            return probe_of(self._shell(host, run_id), run_id, self._asked.agent_python)

        return make_monitoring(monitors, [role.host for role in roles], connect, here=host_name())

    @cached_property
    def _bootstrap(self) -> Bootstrap:
        bundle = make_bundle(plugin_code())
        return Bootstrap(bundle, python=self._asked.agent_python, cache=self._asked.cache)

    def _remote(self, host: str) -> Launcher:
        if self._client is None:
            command = connector_command(self._asked.connector, host)
            return ConnectorLauncher(host, command, self._bootstrap)
        from pytsung.controller.remote import SshLauncher  # noqa: PLC0415 - see open_ways

        return SshLauncher(host, self._client, self._bootstrap)

    def _shell(self, host: str, run_id: str) -> Shell:
        if self._client is None:
            return connector_shell(self._asked.connector, host, run_id)
        from pytsung.controller.remote import ssh_shell  # noqa: PLC0415 - see open_ways

        return partial(ssh_shell, host, self._client)


@asynccontextmanager
async def open_ways(
    asked: Arguments, roles: Sequence[AgentRole], monitors: Sequence[Monitor] = ()
) -> AsyncIterator[Ways]:
    """The ways to the hosts of these roles and monitors."""
    probed = {monitor.host for monitor in monitors if monitor.kind == "erlang"}
    is_all_here = all(role.host == "localhost" for role in roles) and probed <= local_names()
    if is_all_here or asked.connector:
        yield Ways(asked, None)
        return
    # Imported for fleets alone: cryptography takes its time.
    from pytsung.ssh import open_ssh  # noqa: PLC0415

    async with open_ssh(accepts_new_keys=asked.accept_new_host_keys) as client:
        yield Ways(asked, client)
