"""`pytsung preflight` as a user types it: what is red, what cures it, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import CONNECT, configuration, think, users
from tests.end_to_end.listener import Listener

LIMIT = 60


def preflight(
    tmp_path: Path, port: int, *words: str, before: str = "", load: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run it, after some shell commands in the same shell."""
    path = tmp_path / "test.xml"
    path.write_text(configuration(port, CONNECT, think(60), load=load or users(500, rate=50)))
    line = f'{before}exec "$0" -m pytsung "$@"'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, "-f", path, "preflight", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1"},
    )


def red(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The red findings of --json, by their subject."""
    findings = json.loads(done.stdout)["findings"]
    return {one["subject"]: one for one in findings if one["level"] == "red"}


def test_a_host_that_holds_the_plan(tmp_path: Path, listener: Listener) -> None:
    """Exit status 0, and a plain table where there is no terminal."""
    done = preflight(tmp_path, listener.port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("ready")
    assert "\x1b" not in done.stdout
    assert f"127.0.0.1:{listener.port} accepts" in done.stdout


def test_a_low_limit_of_descriptors(tmp_path: Path, listener: Listener) -> None:
    """`ulimit -n 256` is red, with the command that cures it; --emit writes it down."""
    done = preflight(tmp_path, listener.port, before="ulimit -n 256; ")
    assert done.returncode == 3
    assert "256 files a process" in done.stdout
    assert "limits.d/90-pytsung.conf" in done.stdout
    done = preflight(tmp_path, listener.port, "--emit", "sh", before="ulimit -n 256; ")
    assert "* hard nofile 1048576" in done.stdout
    subprocess.run(["sh", "-n"], input=done.stdout, text=True, check=True)


def test_a_target_that_the_run_will_start(tmp_path: Path, listener: Listener) -> None:
    """With --target nobody can listen yet: no reason to say that the host is not ready."""
    listener.close()
    done = preflight(tmp_path, listener.port, "--target")
    assert done.returncode == 0, done.stdout
    assert "econnrefused" not in done.stdout


def test_a_target_that_refuses(tmp_path: Path, listener: Listener) -> None:
    """It is the last thing anybody wants to find out from a log."""
    listener.close()
    done = preflight(tmp_path, listener.port, "--json")
    assert done.returncode == 3
    assert "econnrefused" in red(done)["target"]["words"]
    assert red(done)["target"]["cures"] == [f"start the target at 127.0.0.1:{listener.port}"]


@pytest.fixture
def apart(tmp_path: Path) -> list[str]:
    """The words that run a shell in a network namespace with an /etc of its own."""
    words = ["unshare", "--net", "--mount", "sh", "-c"]
    probe = subprocess.run(
        [*words, "ip link set lo up && mount -t tmpfs none /etc/sysctl.d"],
        check=False,
        capture_output=True,
    )
    if probe.returncode:
        pytest.skip("namespaces take root, unshare(1) and ip(8): here settings are the machine's")
    return words


def test_a_narrow_range_of_ports_and_its_cure(tmp_path: Path, apart: list[str]) -> None:
    """Red before, green after --fix: the kernel has the setting, and keeps it in a file."""
    path = tmp_path / "test.xml"
    path.write_text(configuration(9, CONNECT, think(60), load=users(500, rate=50)))
    command = f"{sys.executable} -m pytsung -f {path} preflight --json"
    script = f"""
        ip link set lo up
        mount -t tmpfs none /etc/sysctl.d
        mkdir -p /etc/security/limits.d
        mount -t tmpfs none /etc/security/limits.d
        sysctl -q -w net.ipv4.ip_local_port_range="40000 40099"
        {command} >{tmp_path}/before
        {command} --fix >{tmp_path}/after
        cat /proc/sys/net/ipv4/ip_local_port_range
        cat /etc/sysctl.d/90-pytsung.conf
    """
    done = subprocess.run(
        [*apart, script],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1"},
    )
    before, after = (json.loads((tmp_path / name).read_text()) for name in ("before", "after"))
    (ports,) = [one for one in before["findings"] if one["subject"] == "ports"]
    assert (ports["level"], ports["holds"]) == ("red", 100)
    assert ports["words"] == "holds 100: 1 address × 100 ports; 500 planned"
    assert ports["cures"] == ['sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"']
    (ports,) = [one for one in after["findings"] if one["subject"] == "ports"]
    assert (ports["level"], ports["holds"]) == ("ok", 64512)
    assert after["tuned"] == [{"host": "localhost", "status": 0, "output": ""}]
    assert done.stdout.split("\n")[0].split() == ["1024", "65535"]
    assert "net.ipv4.ip_local_port_range = 1024 65535" in done.stdout
