"""The ways to a host: through others, with names of their own, by other programs than ours."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator

import pytest

from tests import servers
from tests.end_to_end.command import Result
from tests.fleet.conftest import Start
from tests.fleet.hosts import Fleet
from tests.fleet.plans import plan

HOSTS = 3


@pytest.fixture
def target(hosts: Fleet) -> Iterator[str]:
    """A server that upgrades, where the fleet can reach it."""
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        yield f"{hosts.gateway}:{port}"


@pytest.fixture(autouse=True)
def _own_configuration(hosts: Fleet) -> Iterator[None]:
    """Each test may change how SSH finds the hosts."""
    yield
    hosts.write_configuration()


def clean(result: Result, *names: str) -> None:
    """A run on these hosts, and no other, that went well."""
    assert result.status == 0, result.stderr
    result.check_books()
    assert [agent["host"] for agent in result.summary["agents"]] == list(names)


def test_through_a_jump_host(start: Start, hosts: Fleet, target: str) -> None:
    """Fleets are often behind one host that can be reached; its key counts as any other's."""
    jump, *behind = hosts.hosts
    lines = []
    for host in behind:
        lines += [f"Host {host.name}", f"  ProxyJump {jump.name}"]
    hosts.write_configuration(*lines)
    names = [host.name for host in behind]
    clean(start("start", text=plan(target, names)).wait(), *names)
    if jump.namespace:
        assert all(f" from {jump.address} " in host.log for host in behind)


def test_a_jump_host_that_is_not_known(start: Start, hosts: Fleet, target: str) -> None:
    """It is the jump host that must be looked at, not the host behind it."""
    jump, host, _ = hosts.hosts
    hosts.write_configuration(f"Host {host.name}", f"  ProxyJump nobody@{jump.name}")
    result = start("start", text=plan(target, [host.name])).wait()
    assert result.status == 4
    assert f"agent host {host.name}: jump host nobody@{jump.name}: login refused" in result.stderr


def test_a_proxy_command(start: Start, hosts: Fleet, target: str) -> None:
    """Any program that carries bytes; OpenSSH's own words for it."""
    host = hosts.hosts[0]
    relay = hosts.directory / "relay.py"
    relay.write_text(RELAY)
    hosts.write_configuration(f"Host {host.name}", f"  ProxyCommand {sys.executable} {relay} %h %p")
    clean(start("start", text=plan(target, [host.name])).wait(), host.name)


RELAY = """
import os, socket, sys, threading
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def outward():
    while data := os.read(0, 65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
threading.Thread(target=outward, daemon=True).start()
while data := connection.recv(65536):
    os.write(1, data)
"""


def test_user_and_port_in_the_configuration(start: Start, hosts: Fleet, target: str) -> None:
    """Without any SSH configuration; the name of the host is written as it is."""
    host = hosts.hosts[0]
    (hosts.home / ".ssh/config").unlink()
    name = f"{getpass.getuser()}@{host.address}:{host.port}"
    clean(start("start", text=plan(target, [name])).wait(), name)


def test_more_names_for_one_host_than_its_sshd_lets_in_at_once(
    start: Start, hosts: Fleet, target: str
) -> None:
    """sshd drops logins at random from ten unfinished ones on (MaxStartups)."""
    host = hosts.hosts[0]
    names = [f"name-{number}" for number in range(16)]
    lines = [f"Host {' '.join(names)}", f"  HostName {host.address}", f"  Port {host.port}"]
    hosts.write_configuration(*lines)
    clean(start("start", text=plan(target, names)).wait(), *names)


def test_the_ssh_program(start: Start, hosts: Fleet, target: str) -> None:
    """For what only OpenSSH itself can do: hardware keys, shared connections, Kerberos."""
    configuration = hosts.home / ".ssh/config"
    program = f"ssh -F {configuration} -i {hosts.home}/.ssh/id_ed25519"
    connector = f"{program} -o UserKnownHostsFile={hosts.known_hosts} -o BatchMode=yes"
    names = [host.name for host in hosts.hosts[:2]]
    clean(start("start", "-r", connector, text=plan(target, names)).wait(), *names)


@pytest.mark.parametrize("form", ["ip netns exec", "ip netns exec {host} sh -c"])
def test_namespaces_without_any_sshd(form: str, start: Start, hosts: Fleet, target: str) -> None:
    """Programs that take a command's words one by one, and those that want a shell's line."""
    names = [host.namespace for host in hosts.hosts]
    if not all(names):
        pytest.skip("hosts are no namespaces here: that needs the privilege to make them")
    clean(start("start", "-r", form, text=plan(target, names)).wait(), *names)


def test_hosts_of_a_job(
    start: Start, hosts: Fleet, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch system names them; a host that has two places has two workers."""
    names = [host.name for host in hosts.hosts[:2]]
    nodes = hosts.directory / "nodes"
    nodes.write_text("".join(f"{name}\n" for name in [names[0], *names]))
    monkeypatch.setenv("PBS_NODEFILE", str(nodes))
    text = plan(target, ["x"]).replace('host="x"', 'type="batch" batch="torque"')
    result = start("start", text=text).wait()
    clean(result, *names)
    assert [agent["workers"] for agent in result.summary["agents"]] == [2, 1]
