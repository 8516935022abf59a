"""What a host can lack, and what is said of it: somebody has to mend it by these words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.end_to_end.command import Result, wait_for
from tests.fleet.conftest import Start
from tests.fleet.hosts import BASE_PATH, NO_HOME, Fleet, Host
from tests.fleet.plans import plan

HOSTS = 2
TOOLS = ("sh", "cat", "env")


@pytest.fixture
def target(hosts: Fleet) -> Iterator[str]:
    """A server that upgrades, where the fleet can reach it."""
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        yield f"{hosts.gateway}:{port}"


@pytest.fixture
def second(hosts: Fleet) -> Iterator[Host]:
    """The second host, which is put right again after the test."""
    host = hosts.hosts[1]
    known = hosts.known_hosts.read_text()
    keys = {path: path.read_bytes() for path in host.directory.glob("host_key*")}
    yield host
    hosts.known_hosts.write_text(known)
    for path, key in keys.items():
        path.write_bytes(key)
    hosts.write_configuration()
    host.stop()
    host.path, host.home = BASE_PATH, NO_HOME
    host.start()


def refused(start: Start, text: str, *words: str) -> Result:
    """A run that no host should be left alone by: it does not start."""
    result = start("start", *words, text=text).wait()
    assert result.status == 4, result.stderr
    assert "Traceback" not in result.stderr
    return result


def names(hosts: Fleet) -> list[str]:
    return [host.name for host in hosts.hosts]


def with_only(host: Host, *programs: str) -> None:
    """Restart the host with a few programs, and these."""
    directory = host.directory / f"bin-{len(list(host.directory.iterdir()))}"
    directory.mkdir()
    for program in (*TOOLS, *programs):
        found = shutil.which(program, path=BASE_PATH) or program
        (directory / Path(program).name).symlink_to(found)
    host.stop()
    host.path = str(directory)
    host.start()


def test_a_run_on_two_hosts(start: Start, hosts: Fleet, target: str) -> None:
    """The simplest fleet: users from both, the sums right, nothing left on either."""
    result = start("start", text=plan(target, names(hosts))).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    agents = result.summary["agents"]
    assert [agent["host"] for agent in agents] == names(hosts)
    assert [agent["started"] for agent in agents] == [10, 10]
    wait_for(lambda: all(host.is_quiet for host in hosts.hosts), "nothing left on the hosts")


def test_a_host_without_python(start: Start, hosts: Fleet, second: Host, target: str) -> None:
    """The one thing that a host needs besides sshd."""
    with_only(second)
    said = refused(start, plan(target, names(hosts))).stderr
    assert f"agent host {second.name}: there is no python3; install Python 3.10 or newer" in said
    assert "--agent-python" in said


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.9.18"])
def test_a_host_with_an_old_python(
    version: str, start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """Long-lived distributions have it; which one was found is half the cure."""
    old = Path.home() / f".pyenv/versions/{version}/bin/python"
    if not old.exists():
        pytest.skip(f"no Python {version} here (pyenv install {version})")
    with_only(second)
    (Path(second.path) / "python3").symlink_to(old)
    said = refused(start, plan(target, names(hosts))).stderr
    assert f"agent host {second.name}: python3 is {version}, too old" in said


def test_an_agent_python_that_is_none(start: Start, hosts: Fleet, target: str) -> None:
    """A mistyped --agent-python is no reason to install anything."""
    said = refused(start, plan(target, names(hosts)), "--agent-python", "/opt/none").stderr
    assert "/opt/none cannot be run; correct --agent-python" in said


def test_an_unknown_host_key(start: Start, hosts: Fleet, second: Host, target: str) -> None:
    """Whoever answers may be anybody; nothing is written down by looking."""
    hosts.known_hosts.write_text("")
    hosts.trust(hosts.hosts[:1])
    before = hosts.known_hosts.read_text()
    said = refused(start, plan(target, names(hosts))).stderr
    assert f"agent host {second.name}: host key unknown (ed25519 SHA256:" in said
    assert f"ssh {second.name}" in said
    assert "--accept-new-host-keys" in said
    assert hosts.known_hosts.read_text() == before


def test_new_host_keys_are_accepted_once_when_asked(
    start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """As OpenSSH's accept-new: written down, and known from then on, to OpenSSH too."""
    hosts.known_hosts.unlink()
    text = plan(target, names(hosts))
    assert start("start", "--accept-new-host-keys", text=text).wait().status == 0
    lines = hosts.known_hosts.read_text().splitlines()
    assert len(lines) == HOSTS
    assert start("start", text=text).wait().status == 0
    place = second.address if second.port == 22 else f"[{second.address}]:{second.port}"
    words = ["ssh-keygen", "-F", place, "-f", str(hosts.known_hosts)]
    key = (second.key.with_suffix(".pub")).read_text().split()[1]
    assert key in subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_what_the_configuration_of_ssh_says_of_host_keys(
    start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """Whoever has told `ssh` not to mind has told us."""
    hosts.known_hosts.write_text("")
    mine = hosts.home / "mine"
    lines = ["Host *", "  StrictHostKeyChecking accept-new", f"  UserKnownHostsFile {mine}"]
    hosts.write_configuration(*lines)
    assert start("start", text=plan(target, names(hosts))).wait().status == 0
    assert len(mine.read_text().splitlines()) == HOSTS
    assert second.address in mine.read_text()
    assert hosts.known_hosts.read_text() == ""


@pytest.mark.parametrize("words", [(), ("--accept-new-host-keys",)])
def test_a_changed_host_key_is_refused_always(
    words: tuple[str, ...], start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """A known host with another key is what host keys are for."""
    second.stop()
    for path in second.directory.glob("host_key*"):
        path.unlink()
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(second.key)]
    subprocess.run(make, check=True)
    second.start()
    before = hosts.known_hosts.read_text()
    said = refused(start, plan(target, names(hosts)), *words).stderr
    assert f"agent host {second.name}: its host key has changed" in said
    assert "ssh-keygen -R" in said
    assert hosts.known_hosts.read_text() == before


def test_a_refused_login(start: Start, hosts: Fleet, second: Host, target: str) -> None:
    """The cure is OpenSSH's own."""
    hosts.write_configuration(f"Host {second.name}", "  User nobody-at-all")
    said = refused(start, plan(target, names(hosts))).stderr
    assert f"agent host {second.name}: login refused" in said
    assert "ssh-copy-id" in said


def test_a_name_that_does_not_resolve(start: Start, hosts: Fleet, target: str) -> None:
    """A typing mistake in one of sixteen."""
    said = refused(start, plan(target, [*names(hosts), "realtime-worker.invalid"])).stderr
    assert "agent host realtime-worker.invalid: its name does not resolve" in said


def test_a_host_without_sshd(start: Start, hosts: Fleet, second: Host, target: str) -> None:
    """Up, but nobody answers."""
    second.stop()
    said = refused(start, plan(target, names(hosts))).stderr
    assert f"agent host {second.name}: nothing listens on port {second.port}" in said


def test_a_full_tmp_does_not_matter(start: Start, hosts: Fleet, second: Host, target: str) -> None:
    """Agents run from memory: no disk of a host is written, so none can be full."""
    if not second.namespace:
        pytest.skip("filling /tmp of one host needs the privilege to make namespaces")
    second.stop()
    second.start("mount -t tmpfs -o size=8k tmpfs /tmp; cat /dev/zero >/tmp/full 2>/dev/null")
    result = start("start", text=plan(target, names(hosts))).wait()
    assert result.status == 0, result.stderr
    result.check_books()


def test_a_cache_on_a_full_disk_is_done_without(
    start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """--cache is for speed; a run does not fail for it, and says so."""
    if not second.namespace:
        pytest.skip("filling /tmp of one host needs the privilege to make namespaces")
    second.stop()
    second.start("mount -t tmpfs -o size=8k tmpfs /tmp; cat /dev/zero >/tmp/full 2>/dev/null")
    text = plan(target, [second.name])
    result = start("start", "--cache", "/tmp/pytsung", text=text).wait()
    assert result.status == 0, result.stderr
    assert "No space left on device" in result.stderr
    assert "the agent runs from memory" in result.stderr


def test_a_login_shell_that_talks_is_listened_past(
    start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """Banners in a login shell's start-up file must not be taken for an agent's words."""
    (second.directory / ".bashrc").write_text("echo Welcome; echo 'to a host' >&2; seq 20000\n")
    second.stop()
    second.home = str(second.directory)
    second.start()
    result = start("start", text=plan(target, [second.name])).wait()
    assert result.status == 0, result.stderr


def test_a_run_that_cannot_start_leaves_nothing(
    start: Start, hosts: Fleet, second: Host, target: str
) -> None:
    """One host fails when others' agents are up already: they end, too."""
    with_only(second)
    refused(start, plan(target, names(hosts)))
    wait_for(lambda: hosts.hosts[0].is_quiet, "nothing left on the host that could")
