"""Cures are run as root on many hosts: what is written down must be what was meant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytsung.controller.preflight.cures import (
    ByHand,
    Cure,
    Limit,
    Sysctl,
    combine,
    playbook,
    shell_script,
)

PORTS = Sysctl("net.ipv4.ip_local_port_range", (1024, 65535))
FILES = Limit("nofile", 1048576)
ALL: list[Sysctl | Limit] = [Sysctl("fs.nr_open", (1048576,)), PORTS, FILES]


def tool(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=[ALL, [PORTS], [FILES], []], ids=["all", "sysctl", "limits", "nothing"])
def cures(request: pytest.FixtureRequest) -> list[Sysctl | Limit]:
    chosen: list[Sysctl | Limit] = request.param
    return chosen


def test_a_script_is_one_that_shells_and_shellcheck_accept(
    cures: list[Sysctl | Limit], tmp_path: Path
) -> None:
    """Somebody will read it before they run it as root."""
    script = tmp_path / "tune.sh"
    script.write_text(shell_script(cures))
    subprocess.run(["sh", "-n", script], check=True)
    done = subprocess.run([tool("shellcheck"), script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_playbook_is_one_that_ansible_accepts(
    cures: list[Sysctl | Limit], tmp_path: Path
) -> None:
    """With the names of the hosts as they are in the configuration."""
    book = tmp_path / "tune.yml"
    book.write_text(playbook(cures, ["realtime-worker-1", "10.0.0.7"]))
    inventory = tmp_path / "inventory"
    inventory.write_text("realtime-worker-1\n10.0.0.7\n")
    done = subprocess.run(
        [tool("ansible-playbook"), "--syntax-check", "-i", inventory, book],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "ANSIBLE_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def test_the_script_does_what_it_says(tmp_path: Path) -> None:
    """Run with another root: the files have the settings, and sysctl is told to read them."""
    script = shell_script(ALL).replace("/etc/", f"{tmp_path}/")
    (tmp_path / "sysctl.d").mkdir()
    (tmp_path / "sysctl").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/told\n')
    (tmp_path / "sysctl").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    for _ in range(2):  # it may be run again
        subprocess.run(["sh"], input=script, text=True, check=True, env={"PATH": path})
    settings = (tmp_path / "sysctl.d/90-pytsung.conf").read_text()
    assert settings == "fs.nr_open = 1048576\nnet.ipv4.ip_local_port_range = 1024 65535\n"
    limits = (tmp_path / "security/limits.d/90-pytsung.conf").read_text()
    assert limits.splitlines()[:2] == ["* soft nofile 1048576", "* hard nofile 1048576"]
    assert (tmp_path / "told").read_text() == f"-q -p {tmp_path}/sysctl.d/90-pytsung.conf\n"


def test_hosts_that_need_different_numbers_get_the_largest() -> None:
    """A range the widest; and what only a person can do is in no script."""
    wider = Sysctl(PORTS.name, (15000, 65535))
    several: list[Cure] = [FILES, wider, ByHand("add memory"), PORTS, Limit("nofile", 5)]
    assert combine(several) == [PORTS, FILES]
    pages = [Sysctl("net.ipv4.tcp_mem", (1, 2, 9)), Sysctl("net.ipv4.tcp_mem", (3, 1, 8))]
    assert combine(pages) == [Sysctl("net.ipv4.tcp_mem", (3, 2, 9))]


def test_commands_are_for_a_person_to_type() -> None:
    """On one line each."""
    assert PORTS.command == 'sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"'
    assert "nofile 1048576" in FILES.command
    assert "log in again" in FILES.command
