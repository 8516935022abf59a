"""What a plan wants monitored, and how each host is read.

Must not know when hosts are read, nor how a connection to one comes about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from pytsung.controller.batch import batch_nodes
from pytsung.errors import UsageError
from pytsung.monitor.munin import MuninHost
from pytsung.monitor.probed_host import Connect, ProbedHost
from pytsung.monitor.source import Complain, Look, MonitorError, Source
from pytsung.monitor.watch import Monitoring
from pytsung.plan import Monitor

CONTROLLER = "controller"
"""What the controller's own host is called where nobody else reads it."""


def make_monitoring(
    monitors: Sequence[Monitor],
    agents: Collection[str],
    connect: Callable[[str], Connect],
    *,
    here: str,
) -> Monitoring:
    """Watches a plan's monitored hosts, and the controller's own, as Tsung always does.

    Args:
        monitors: the plan's, settled.
        agents: hosts that have an agent, which tells their processor, memory and load
            already; `localhost` is the one here.
        connect: how the probe of a host is reached, by the host's name.
        here: this host's name, as Tsung's files carry it.
    """
    told = {
        controller_node(here) if agent == "localhost" else f"os_mon@{agent}" for agent in agents
    }
    sources: dict[str, Source] = {}
    for monitor in monitors:
        source = _source(monitor, told, connect, here)
        sources.setdefault(_label(monitor), source)
    if controller_node(here) not in told and here not in sources:
        sources[CONTROLLER] = ProbedHost(controller_node(here), connect("localhost"))
    return Monitoring(sources)


def controller_node(here: str) -> str:
    """Tsung's name of the controller's host."""
    return f"tsung_controller@{here}"


def bare_host(host: str) -> str:
    """`me@web1:22` without the way there: `web1`."""
    host = host.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def settled_monitors(
    monitors: Sequence[Monitor], environment: Mapping[str, str]
) -> tuple[Monitor, ...]:
    """The monitors, with the hosts of a batch system in the place of its name, each once.

    One whose hosts nobody names stays as it is: it cannot be reached.
    """
    found: list[Monitor] = []
    for monitor in monitors:
        try:
            nodes = batch_nodes(monitor.batch, environment) if monitor.batch else []
        except UsageError:
            nodes = []
        found += [replace(monitor, host=node, batch="") for node in dict.fromkeys(nodes)] or [
            monitor
        ]
    return tuple(found)


def _label(monitor: Monitor) -> str:
    """What a monitor is called in messages: one host may be read in several ways."""
    return monitor.host if monitor.kind == "erlang" else f"{monitor.host} ({monitor.kind})"


def _source(
    monitor: Monitor, told: Collection[str], connect: Callable[[str], Connect], here: str
) -> Source:
    if monitor.batch:
        return _NoHosts()
    if monitor.kind == "munin":
        return MuninHost(monitor.host, monitor.munin_port)
    if monitor.kind == "snmp":
        # pysnmp is imported only by those who need it.
        from pytsung.monitor.snmp import SnmpHost  # noqa: PLC0415

        return SnmpHost(monitor.host, monitor.snmp)
    host = bare_host(monitor.host)
    node = controller_node(here) if host == here else f"os_mon@{host}"
    return ProbedHost(
        node, connect(monitor.host), mysql=monitor.mysql, with_levels=node not in told
    )


class _NoHosts:
    """The hosts of a batch system that does not say which they are."""

    def open(self, complain: Complain) -> AbstractAsyncContextManager[Look]:  # noqa: ARG002 - as any Source
        """There is nothing to open."""
        raise MonitorError("nobody says which they are; start pytsung in a job of that system")
