"""Runs whose target's hosts are watched: figures in every file, and no harm when one is gone."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytsung.cli.host_name import host_name
from tests.end_to_end.command import CONNECT, Command, configuration, think
from tests.end_to_end.listener import Listener
from tests.monitor.daemons import (
    MUNIN_NODE,
    NODE,
    SNMPD,
    free_port,
    munin_node,
    snmp_daemon,
)

Start = Callable[..., Command]
LOAD = (
    '<arrivalphase phase="1" duration="7" unit="second">'
    '<users arrivalrate="5" unit="second"/></arrivalphase>'
)
"""Hosts are read as soon as they are reached, and after five seconds."""


def watched(port: int, *monitors: str, attributes: str = "") -> str:
    """Users against a port, and hosts to be watched meanwhile."""
    text = configuration(port, CONNECT, think(0.2), load=LOAD)
    text = text.replace('loglevel="notice"', f'loglevel="notice" {attributes}')
    return text.replace("</servers>", f"</servers><monitoring>{''.join(monitors)}</monitoring>")


def lines_of(log: str, metric: str, node: str) -> list[list[float]]:
    """The figures of a host's statistic, a list for each block."""
    pattern = rf'^stats: \{{{metric},"{re.escape(node)}"\}} (.*)$'
    found = re.findall(pattern, log, re.MULTILINE)
    return [[float(word) for word in line.split()] for line in found]


def test_a_host_that_is_this_one(start: Start, listener: Listener, tmp_path: Path) -> None:
    """No SSH, nothing installed; figures in the log, the summary and the report."""
    (tmp_path / "mysqladmin").write_text(
        "#!/bin/sh\nread -r up _ < /proc/uptime\n"
        'echo "Uptime: 1  Threads: 3  Questions: ${up%.*}  Slow queries: 0 $MYSQL_PWD"\n'
    )
    (tmp_path / "mysqladmin").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    monitor = '<monitor host="localhost"><mysqladmin password="s3cret"/></monitor>'
    result = start("start", text=watched(listener.port, monitor), environment=path).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    for metric in ("cpu", "freemem", "load", "mysql_threads"):
        assert lines_of(result.log, metric, "os_mon@localhost"), metric
        assert lines_of(result.log, "cpu", f"tsung_controller@{host_name()}")
    ((count, mean, *_),) = lines_of(result.log, "cpu", "os_mon@localhost")
    assert count == 2
    assert 0 <= mean <= 100
    ((count, questions, *_),) = lines_of(result.log, "mysql_questions", "os_mon@localhost")
    assert count == 1
    assert questions == pytest.approx(10, abs=6), "one a second, in ten seconds"
    assert result.summary["values"]['{mysql_threads,"os_mon@localhost"}']["mean"] == 3.0
    page = (result.directory / "report.html").read_text()
    assert "MySQL&#39;s threads" in page or "MySQL's threads" in page
    assert not [one for one in result.events if one["event"].startswith("monitor")]
    written = [path.read_text() for path in result.directory.glob("*.json*")]
    assert "s3cret" not in "".join(written)


@pytest.mark.skipif(MUNIN_NODE is None, reason="apt-get install munin-node")
@pytest.mark.skipif(SNMPD is None, reason="apt-get install snmpd")
def test_munin_and_snmp(start: Start, listener: Listener, tmp_path: Path) -> None:
    """Real daemons; a sum is a counter, and the JSON of a run is valid with it, too."""
    own = '<oid value="1.3.6.1.2.1.11.1.0" name="asked" type="sum"/>'
    with munin_node(tmp_path) as munin, snmp_daemon(tmp_path) as snmp:
        monitors = (
            f'<monitor host="127.0.0.1" type="munin"><munin port="{munin}"/></monitor>',
            f'<monitor host="localhost" type="snmp"><snmp port="{snmp}">{own}</snmp></monitor>',
        )
        text = watched(listener.port, *monitors)
        result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    ((_, free, *_),) = lines_of(result.log, "freemem", NODE)
    assert free > 0
    assert lines_of(result.log, "load", "localhost")
    ((now, total),) = lines_of(result.log, "asked", "localhost")
    assert now == total > 0
    assert (result.directory / "data" / "load:os_mon@localhost.txt").exists()


def test_hosts_that_cannot_be_reached_are_said_and_cost_nothing(
    start: Start, listener: Listener
) -> None:
    """By name, once, with the cure; the verdict is about the load generator."""
    port = free_port(socket.SOCK_DGRAM)
    monitors = (
        f'<monitor host="127.0.0.1" type="snmp"><snmp port="{port}"/></monitor>',
        f'<monitor host="127.0.0.1" type="munin"><munin port="{port}"/></monitor>',
        '<monitor host="oar" batch="true"/>',
    )
    result = start("start", text=watched(listener.port, *monitors)).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    unreachable = {one["host"]: one["reason"] for one in result.events if "host" in one}
    assert set(unreachable) == {"127.0.0.1 (snmp)", "127.0.0.1 (munin)", "hosts of oar"}
    for host, reason in unreachable.items():
        assert result.stderr.count(f"{host}: not monitored: {reason}") == 1, result.stderr
        assert "; " in reason


def test_a_host_that_is_lost_in_mid_run(start: Start, listener: Listener) -> None:
    """Here its probe is killed: an event, and the users notice nothing."""
    monitor = '<monitor host="localhost"/>'
    command = start("start", text=watched(listener.port, monitor))
    pid = wait_for_probe(command.process.pid)
    time.sleep(2.5)  # the first reading is there
    os.kill(pid, signal.SIGKILL)
    result = command.wait()
    assert result.status == 0, result.stderr
    result.check_books()
    (lost,) = [one for one in result.events if one["event"].startswith("monitor")]
    assert (lost["event"], lost["host"]) == ("monitor-lost", "localhost")
    assert "localhost: not monitored: its probe has ended" in result.stderr


def wait_for_probe(parent: int) -> int:
    """The process id of the probe that a command has started."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            for child in task.read_text().split():
                if b"pytsung-probe-1" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        time.sleep(0.05)
    raise AssertionError("no probe was started")
