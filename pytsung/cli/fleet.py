"""Which hosts play a plan, and how the agent of each is reached.

Must not know what agents do there.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from pytsung.cli.arguments import Arguments
from pytsung.cli.retarget import goes_to_loopback, local_names
from pytsung.controller.batch import with_batch_hosts
from pytsung.controller.bootstrap import Bootstrap
from pytsung.controller.bundle import make_bundle
from pytsung.controller.connector import ConnectorLauncher, connector_command
from pytsung.controller.launcher import Launcher, LocalLauncher
from pytsung.controller.plugin_code import plugin_code
from pytsung.controller.shares import AgentRole, fleet_roles, local_role
from pytsung.plan import Plan


def settled(asked: Arguments, plan: Plan) -> Plan:
    """The plan with the hosts that a batch system gives to this job.

    Raises UsageError where it gives none.
    """
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


@asynccontextmanager
async def launchers(asked: Arguments, roles: Sequence[AgentRole]) -> AsyncIterator[list[Launcher]]:
    """A launcher for each role; they serve as long as the context lasts."""
    local = LocalLauncher()
    if all(role.host == "localhost" for role in roles):
        yield [local for _ in roles]
        return
    bundle = make_bundle(plugin_code())
    bootstrap = Bootstrap(bundle, python=asked.agent_python, cache=asked.cache)

    def by_connector(host: str) -> Launcher:
        return ConnectorLauncher(host, connector_command(asked.connector, host), bootstrap)

    if asked.connector:
        yield [local if role.host == "localhost" else by_connector(role.host) for role in roles]
        return
    # Imported for fleets alone: cryptography takes its time.
    from pytsung.controller.remote import SshLauncher  # noqa: PLC0415
    from pytsung.ssh import open_ssh  # noqa: PLC0415

    async with open_ssh(accepts_new_keys=asked.accept_new_host_keys) as client:
        yield [
            local if role.host == "localhost" else SshLauncher(role.host, client, bootstrap)
            for role in roles
        ]
