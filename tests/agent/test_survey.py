"""What an agent tells of its host must be so, or preflight cures what is not ill."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest
import trio

from pytsung.agent.survey import survey
from pytsung.agent.tuning import tune
from pytsung.plan import Endpoint, Transport


@pytest.fixture(autouse=True)
def fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTSUNG_LOOPBACK_ONLY", "1")


def test_limits_are_those_of_this_host() -> None:
    """As the kernel shows them to anybody."""
    facts = trio.run(survey, [], [])
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert (facts.ports.low, facts.ports.high) == (low, high)
    limits = (facts.descriptors.soft, facts.descriptors.hard)
    assert limits == resource.getrlimit(resource.RLIMIT_NOFILE)
    assert facts.accept_queue == int(Path("/proc/sys/net/core/somaxconn").read_text())
    assert facts.memory.free > 2**20
    assert facts.cores >= 1


def test_missing_source_addresses_are_found() -> None:
    """192.0.2.0/24 is for documentation: no host has it."""
    facts = trio.run(survey, [], ["127.0.0.9", "192.0.2.7", "::1"])
    assert facts.missing_addresses == ("192.0.2.7",)


def test_targets_are_tried_from_the_first_source_address() -> None:
    """Each once; one that refuses is said to, and nobody outside is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        endpoints = [
            Endpoint("127.0.0.1", listener.getsockname()[1]),
            Endpoint("127.0.0.1", closed.getsockname()[1]),
            Endpoint("192.0.2.7", 80),
            Endpoint("nobody.invalid", 80),
            Endpoint("127.0.0.1", 9, Transport.UDP),
        ]
        facts = trio.run(survey, endpoints, ["192.0.2.1", "127.0.0.9"])
        listener.settimeout(5)
        connection, (source, _) = listener.accept()
        connection.close()
    assert source == "127.0.0.9"
    assert [reach.error for reach in facts.reached] == ["", "econnrefused", "eacces", "nxdomain"]


@pytest.mark.parametrize(("tried", "count", "most"), [(True, 0, 0), (True, 3, 9), (False, 0, 9)])
def test_a_table_that_stays_empty_limits_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tried: bool, count: int, most: int
) -> None:
    """The module is loaded on many hosts whose firewall tracks nothing."""
    monkeypatch.setattr("pytsung.agent.survey.SYSCTL", tmp_path)
    table = tmp_path / "net" / "netfilter"
    table.mkdir(parents=True)
    (table / "nf_conntrack_count").write_text(f"{count}\n")
    (table / "nf_conntrack_max").write_text("9\n")
    (tmp_path / "net" / "ipv4").mkdir()
    (tmp_path / "net" / "ipv4" / "ip_local_port_range").write_text("32768 60999\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoints = [Endpoint("127.0.0.1", closed.getsockname()[1])] if tried else []
        facts = trio.run(survey, endpoints, [])
    assert (facts.tracking.count, facts.tracking.most) == (count, most)


def test_a_script_tells_how_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words are the reason."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert trio.run(tune, "echo done") == (0, "done")
    assert trio.run(tune, "echo no such key >&2; exit 3") == (3, "no such key")


def test_without_root_sudo_is_asked_not_to_ask(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody could type a password."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (tmp_path / "sudo").write_text('#!/bin/sh\nprintf "%s %s" "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert trio.run(tune, "true") == (0, "-n sh")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    status, output = trio.run(tune, "true")
    assert (status, output) == (127, "sudo: No such file or directory; run it as root")
