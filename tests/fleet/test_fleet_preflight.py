"""Preflight on hosts of their own: which host lacks what, and what a run says of it beforehand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests import servers
from tests.end_to_end.command import users, wait_for
from tests.fleet.conftest import Start
from tests.fleet.hosts import Fleet, Host
from tests.fleet.plans import plan

HOSTS = 3
LOAD = users(900, rate=100)


@pytest.fixture
def target(hosts: Fleet) -> Iterator[str]:
    """A server that upgrades, where the fleet can reach it."""
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        yield f"{hosts.gateway}:{port}"


@pytest.fixture
def poor(hosts: Fleet) -> Iterator[Host]:
    """The second host: 256 files a process, and 101 ports."""
    host = hosts.hosts[1]
    if not host.namespace:
        pytest.skip("hosts are network namespaces only for root: kernel settings are the machine's")
    set_ports(host, "40000 40100")
    host.stop()
    host.start("ulimit -n 256")
    yield host
    set_ports(host, "32768 60999")
    host.stop()
    host.start()


def set_ports(host: Host, ports: str) -> None:
    words = host.inside("sysctl", "-q", "-w", f"net.ipv4.ip_local_port_range={ports}")
    subprocess.run(words, check=True)


def by_host(stdout: str, subject: str) -> dict[str, Any]:
    """The findings of one kind."""
    findings = json.loads(stdout)["findings"]
    return {one["host"]: one for one in findings if one["subject"] == subject}


def test_each_host_is_judged_for_itself(
    start: Start, hosts: Fleet, poor: Host, target: str
) -> None:
    """The wall is on one of them, and it is named."""
    names = [host.name for host in hosts.hosts]
    result = start("preflight", "--json", text=plan(target, names, load=LOAD)).wait()
    assert result.status == 3, result.stderr
    levels = {name: one["level"] for name, one in by_host(result.stdout, "ports").items()}
    assert levels == {names[0]: "ok", poor.name: "red", names[2]: "ok"}
    ports = by_host(result.stdout, "ports")[poor.name]
    assert ports["words"].startswith("holds 101: 1 address × 101 ports")
    assert ports["cures"] == ['sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"']
    files = by_host(result.stdout, "descriptors")
    assert [one["level"] for one in files.values()] == ["ok", "red", "ok"]
    assert "256 files a process" in files[poor.name]["words"]
    assert {one["level"] for one in by_host(result.stdout, "target").values()} == {"ok"}
    clocks = by_host(result.stdout, "clock").values()
    assert [one["level"] for one in clocks] == ["ok"] * HOSTS
    wait_for(lambda: all(host.is_quiet for host in hosts.hosts), "nothing left on the hosts")


def test_a_run_says_beforehand_what_will_not_fit_and_runs(
    start: Start, hosts: Fleet, poor: Host, target: str
) -> None:
    """A warning on the terminal and in the summary; most of the test is worth having."""
    names = [host.name for host in hosts.hosts]
    words = ("--no-report", "--grace", "0")
    command = start("start", *words, text=plan(target, names, load=users(60, rate=60)))
    result = command.wait()
    assert result.summary["users"]["started"] == 60
    warnings = [one for one in result.summary["warnings"] if one.startswith(poor.name)]
    assert len(warnings) == 1, result.summary["warnings"]  # 101 ports are enough for 20 users
    assert "descriptors: 256 files a process" in warnings[0]
    assert warnings[0] in result.stderr


def test_a_host_that_cannot_be_reached_is_a_red_line(
    start: Start, hosts: Fleet, poor: Host, target: str
) -> None:
    """All hosts are looked at, and all that is wrong is said at once."""
    names = [host.name for host in hosts.hosts]
    poor.stop()
    result = start("preflight", "--json", text=plan(target, names)).wait()
    assert result.status == 3, result.stderr
    agents = by_host(result.stdout, "agent")
    assert [one["level"] for one in agents.values()] == ["ok", "red", "ok"]
    assert poor.name in agents[poor.name]["words"]
    poor.start()
