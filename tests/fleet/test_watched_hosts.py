"""The target's hosts, watched through SSH: nothing is installed there, and nothing stays."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from pytsung.cli.host_name import host_name
from tests import servers
from tests.end_to_end.command import wait_for
from tests.fleet.conftest import Start
from tests.fleet.hosts import Fleet, Host
from tests.fleet.plans import plan

HOSTS = 3
LOAD = (
    '<arrivalphase phase="1" duration="22" unit="second">'
    '<users arrivalrate="3" unit="second"/></arrivalphase>'
)
"""Hosts are read when they are reached, and 5 and 15 seconds after the start."""

FIRST_READING = 3.0
"""Seconds after which a probe has been asked: it counts for one first."""


def watched(target: str, agent: str, *hosts: str) -> str:
    monitors = "".join(f'<monitor host="{host}"/>' for host in hosts)
    text = plan(target, [agent], load=LOAD)
    return text.replace("</servers>", f"</servers><monitoring>{monitors}</monitoring>")


def leave(host: Host) -> None:
    """End the logins on a host, as if it were switched off."""
    for pid in [*host.sessions, *host.processes]:
        if host.process is None or pid != host.process.pid:
            with contextlib.suppress(ProcessLookupError):  # it went with another one
                os.kill(pid, signal.SIGKILL)


def test_hosts_through_ssh(hosts: Fleet, start: Start) -> None:
    """One that is an agent's, too; one that is lost in mid-run; one that is not there at all."""
    agent, calm, lost = hosts.hosts
    if not agent.namespace:
        pytest.skip("hosts are network namespaces only for root: no telling their processes apart")
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        names = [host.name for host in hosts.hosts]
        text = watched(f"{hosts.gateway}:{port}", agent.name, *names, "nowhere.invalid")
        command = start("--no-report", "start", text=text)
        wait_for(lambda: bool(probes_on(lost)), "a probe on the host that is to be lost")
        time.sleep(FIRST_READING)
        leave(lost)
        result = command.wait()
    assert result.status == 0, result.stderr
    result.check_books()
    values = result.summary["values"]
    for node in (f"os_mon@{agent.name}", f"os_mon@{calm.name}", f"tsung_controller@{host_name()}"):
        for metric in ("cpu", "freemem", "load"):
            assert values[f'{{{metric},"{node}"}}']["count"] >= 2, (metric, node)
    events = {one["host"]: one for one in result.events if one["event"].startswith("monitor")}
    assert set(events) == {lost.name, "nowhere.invalid"}, result.events
    assert events[lost.name]["event"] == "monitor-lost"
    assert events["nowhere.invalid"]["event"] == "monitor-unreachable"
    assert "does not resolve" in events["nowhere.invalid"]["reason"]
    wait_for(
        lambda: all(host.is_quiet for host in hosts.hosts), "the hosts to be left as they were"
    )


def test_a_host_that_hangs_holds_up_nothing(hosts: Fleet, start: Start) -> None:
    """Its probe is frozen: the run ends in time, and nothing stays on the host for long."""
    agent, frozen, _ = hosts.hosts
    if not agent.namespace:
        pytest.skip("hosts are network namespaces only for root: no telling their processes apart")
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        text = watched(f"{hosts.gateway}:{port}", agent.name, frozen.name)
        command = start("--no-report", "start", text=text)
        wait_for(lambda: bool(probes_on(frozen)), "a probe")
        time.sleep(FIRST_READING)
        inside = probes_on(frozen)
        for pid in inside:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        result = command.wait()
        assert time.monotonic() - began < 60
    for pid in inside:
        os.kill(pid, signal.SIGCONT)
    assert result.status == 0, result.stderr
    result.check_books()
    (event,) = [one for one in result.events if one["event"].startswith("monitor")]
    assert event["event"] == "monitor-lost"
    assert "no answer within 5 s" in event["reason"]
    wait_for(lambda: frozen.is_quiet, "the probe to end when it can")


def probes_on(host: Host) -> list[int]:
    """Process ids of the probes on a host."""
    found = []
    for pid in host.processes:
        with contextlib.suppress(OSError):
            if b"pytsung-probe-1" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found
