"""Whom we talk to: a wrong answer here gives a stranger everything that a test holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import asyncssh
import pytest

from pytsung.ssh.host_keys import HostKeyCheck, KnownHosts
from pytsung.ssh.strictness import Strictness

KEY = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
OTHER = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()


def line(place: str, key: asyncssh.SSHKey = KEY) -> str:
    return f"{place} {key.export_public_key('openssh').decode().strip()}\n"


def known(tmp_path: Path, text: str | None) -> KnownHosts:
    path = tmp_path / "known_hosts"
    if text is not None:
        path.write_text(text)
    return KnownHosts([str(path)], [])


def check(hosts: KnownHosts, *, accepts_new: bool) -> HostKeyCheck:
    strictness = Strictness.ACCEPT_NEW if accepts_new else Strictness.ASK
    return HostKeyCheck(hosts, strictness=strictness, name="w1")


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "garbage\n", line("elsewhere")])
def test_an_unknown_key_is_refused_and_nothing_written(tmp_path: Path, text: str | None) -> None:
    """Not even an empty file is made by looking."""
    hosts = known(tmp_path, text)
    one = check(hosts, accepts_new=False)
    assert not one.validate_host_public_key("w1", "10.0.0.1", 22, KEY)
    assert "host key unknown (ed25519 SHA256:" in one.reason
    path = tmp_path / "known_hosts"
    assert (path.read_text() if path.exists() else None) == text


@pytest.mark.parametrize("text", [None, "", "# no line's end", line("elsewhere")])
def test_a_new_key_is_written_down_where_that_is_asked(tmp_path: Path, text: str | None) -> None:
    """On a line of its own, so that the one before it stays whole; and known at once."""
    hosts = known(tmp_path, text)
    assert check(hosts, accepts_new=True).validate_host_public_key("w1", "10.0.0.1", 22, KEY)
    lines = (tmp_path / "known_hosts").read_text().splitlines()
    assert lines[-1] + "\n" == line("w1")
    assert lines[:-1] == (text or "").splitlines()
    assert hosts.has_any("w1", "10.0.0.1", 22)


def test_a_new_key_is_written_down_once(tmp_path: Path) -> None:
    """Several connections to one host may come to it at the same moment."""
    first, second = known(tmp_path, None), known(tmp_path, None)
    assert check(first, accepts_new=True).validate_host_public_key("w1", "", 22, KEY)
    assert check(second, accepts_new=True).validate_host_public_key("w1", "", 22, KEY)
    assert (tmp_path / "known_hosts").read_text() == line("w1")


@pytest.mark.parametrize("accepts_new", [False, True])
@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (line("w1", OTHER), "w1", 22),
        (line("10.0.0.1", OTHER), "w1", 22),
        (line("[w1]:2222", OTHER), "w1", 2222),
        (line("w*", OTHER), "w1", 22),
        (line("@cert-authority w1", OTHER), "w1", 22),
        (line("@revoked w1", KEY), "w1", 22),
    ],
)
def test_a_changed_key_is_refused_always(
    tmp_path: Path, text: str, host: str, port: int, accepts_new: bool
) -> None:
    """Accepting new keys must not become accepting any."""
    one = check(known(tmp_path, text), accepts_new=accepts_new)
    assert not one.validate_host_public_key(host, "10.0.0.1", port, KEY)
    assert "host key has changed" in one.reason
    assert (tmp_path / "known_hosts").read_text() == text


def test_openssh_knows_what_we_wrote_and_we_what_it_hashed(tmp_path: Path) -> None:
    """The file belongs to both."""
    path = tmp_path / "known_hosts"
    assert check(known(tmp_path, None), accepts_new=True).validate_host_public_key(
        "w1", "", 2222, KEY
    )
    found = ["ssh-keygen", "-F", "[w1]:2222", "-f", str(path)]
    assert subprocess.run(found, capture_output=True, check=False).returncode == 0
    subprocess.run(["ssh-keygen", "-H", "-f", str(path)], capture_output=True, check=True)
    assert "w1" not in path.read_text()
    assert KnownHosts([str(path)], []).has_any("w1", "", 2222)


def test_a_key_that_cannot_be_written_down_is_not_accepted(tmp_path: Path) -> None:
    """The next run would have to trust it anew."""
    (tmp_path / "file").touch()
    hosts = KnownHosts([str(tmp_path / "file/known_hosts")], [])
    one = check(hosts, accepts_new=True)
    assert not one.validate_host_public_key("w1", "", 22, KEY)
    assert "cannot be written down" in one.reason


def test_without_a_file_of_the_user_nothing_is_accepted() -> None:
    """`UserKnownHostsFile none` says so."""
    one = check(KnownHosts([], []), accepts_new=True)
    assert not one.validate_host_public_key("w1", "", 22, KEY)


def test_where_nothing_may_be_accepted_the_cure_is_another(tmp_path: Path) -> None:
    """`ssh` by hand would refuse it, too."""
    one = HostKeyCheck(known(tmp_path, None), strictness=Strictness.YES, name="w1")
    assert not one.validate_host_public_key("w1", "", 22, KEY)
    assert f"StrictHostKeyChecking is yes: write it into {tmp_path}/known_hosts" in one.reason
    assert "by hand (ssh" not in one.reason


@pytest.mark.parametrize("text", [None, line("w1"), line("w1", OTHER)])
def test_where_nothing_is_checked_any_key_will_do(tmp_path: Path, text: str | None) -> None:
    """Hosts that are made anew each day have another each day; only a first one is kept."""
    one = HostKeyCheck(known(tmp_path, text), strictness=Strictness.NO, name="w1")
    assert one.validate_host_public_key("w1", "", 22, KEY)
    assert (tmp_path / "known_hosts").read_text() == (text or line("w1"))


def test_where_nothing_is_checked_nothing_need_be_written() -> None:
    """`UserKnownHostsFile none` beside `StrictHostKeyChecking no` is no contradiction."""
    one = HostKeyCheck(KnownHosts([], []), strictness=Strictness.NO, name="w1")
    assert one.validate_host_public_key("w1", "", 22, KEY)


def test_an_alias_stands_for_address_and_port(tmp_path: Path) -> None:
    """OpenSSH looks for it, and writes it down, without the port; many ports may share it."""
    hosts = known(tmp_path, line("10.0.0.1", OTHER))
    one = HostKeyCheck(hosts, strictness=Strictness.ACCEPT_NEW, name="w1", has_alias=True)
    assert one.validate_host_public_key("fleet", "10.0.0.1", 2222, KEY)
    assert (tmp_path / "known_hosts").read_text().endswith(line("fleet"))
