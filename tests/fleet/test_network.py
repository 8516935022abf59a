"""Hosts' networks come and go, many times a process, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import wait_for
from tests.fleet.network import free_network, may_make_namespaces, network, sweep

MANY = 10
HOSTS = 3


@pytest.fixture(autouse=True)
def _privilege() -> Iterator[None]:
    if not may_make_namespaces():
        pytest.skip("no network namespaces here: hosts are addresses, and nothing is made")
    before = made_by(os.getpid())
    yield
    assert made_by(os.getpid()) == before, "something is left"


def made_by(pid: int) -> set[str]:
    """Names of a process's links and namespaces."""
    places = [path for path in map(Path, ("/sys/class/net", "/run/netns")) if path.is_dir()]
    return {path.name for place in places for path in place.glob(f"pt{pid:x}n*")}


def processes_on(namespace: str) -> list[str]:
    return subprocess.check_output(["ip", "netns", "pids", namespace]).decode().split()


def test_one_network_after_the_other() -> None:
    """Modules of tests each make one, faster than the kernel takes the last one down."""
    for _ in range(MANY):
        with network(HOSTS) as made:
            assert len(made_by(os.getpid()) & set(made.namespaces)) == HOSTS


def test_two_networks_at_once() -> None:
    """Two runs of the tests on one machine, or a bench beside them, must not meet."""
    with network(1) as one, network(1) as other:
        assert not one.addresses.overlaps(other.addresses)
        assert not free_network().overlaps(one.addresses)


def test_what_a_killed_process_left_is_swept() -> None:
    """A run that is killed cannot clean up; the next one does, and ends what ran there."""
    lines = [
        "import os, signal, subprocess",
        "from tests.fleet.network import network",
        "with network(2) as made:",
        "    words = ['ip', 'netns', 'exec', made.namespaces[0], 'sleep', '60']",
        "    subprocess.Popen(words, stdout=subprocess.DEVNULL)",
        "    os.kill(os.getpid(), signal.SIGKILL)",
    ]
    with subprocess.Popen([sys.executable, "-c", "\n".join(lines)]) as killed:
        killed.wait(30)
    left = made_by(killed.pid)
    assert len(left) == 3
    (first,) = (name for name in left if name.endswith("h1"))
    wait_for(lambda: bool(processes_on(first)), "the process on the first host runs")
    (orphan,) = processes_on(first)
    sweep()
    assert not made_by(killed.pid)
    wait_for(lambda: not Path(f"/proc/{orphan}/root").exists(), "it is ended")


def test_a_network_of_a_living_process_is_left_alone() -> None:
    """Sweeping must not take away what another run of the tests stands on."""
    with network(1) as made:
        sweep()
        assert {made.bridge, *made.namespaces} <= made_by(os.getpid())
