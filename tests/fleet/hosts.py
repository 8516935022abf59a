"""A fleet to test on: real OpenSSH servers, each a host of its own.

With the privilege for it every host is a network namespace, with an address, ports and a
link of its own behind a bridge; without, it is an address 127.0.1.N. Names are resolved by
an SSH configuration in a home directory of the fleet's own: nothing of this machine's is
read or changed. What was made is removed again.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet.network import may_make_namespaces, network

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
BASE_PATH = "/usr/local/bin:/usr/bin:/bin"
NO_HOME = "/nonexistent"
PATIENCE = 30.0
HERE = "127.0.0.1"


def missing() -> str:
    """Why there can be no fleet on this machine; "" where there can."""
    if SSHD is None:
        return "no sshd: apt-get install openssh-server"
    if shutil.which("ssh-keygen") is None:
        return "no ssh-keygen: apt-get install openssh-client"
    return ""


@dataclass
class Host:
    """One host: where it is, how its sessions find commands, its sshd."""

    name: str
    address: str
    port: int
    directory: Path
    namespace: str = ""
    path: str = BASE_PATH
    home: str = NO_HOME
    process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> Path:
        """Its private host key."""
        return self.directory / "host_key"

    @property
    def log(self) -> str:
        """What its sshd said."""
        return (self.directory / "log").read_text()

    def inside(self, *words: str) -> list[str]:
        """A command as it is run on this host."""
        return ["ip", "netns", "exec", self.namespace, *words] if self.namespace else list(words)

    def start(self, before: str = "") -> None:
        """Start its sshd; `before` is run by the shell that becomes it."""
        config = self.directory / "sshd_config"
        config.write_text(
            f"Port {self.port}\n"
            f"ListenAddress {self.address}\n"
            f"HostKey {self.key}\n"
            f"AuthorizedKeysFile {self.directory.parent / 'authorized_keys'}\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\n"
            # Another home: the login shell reads nothing of this machine's user.
            f"SetEnv PATH={self.path} HOME={self.home}\n"
        )
        shell = f"{before}\nexec {SSHD} -D -f {config} -E {self.directory / 'log'}"
        self.process = subprocess.Popen(
            self.inside("sh", "-c", shell), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.wait_listening()

    def wait_listening(self) -> None:
        """Wait until its sshd takes connections."""
        ends = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection((self.address, self.port), timeout=1).close()
                return
            assert self.process is not None
            assert self.process.poll() is None, f"sshd of {self.name} has ended\n{self.log}"
            assert time.monotonic() < ends, f"sshd of {self.name} does not listen\n{self.log}"
            time.sleep(0.02)

    @property
    def sessions(self) -> list[int]:
        """Process ids of its sshd for each login."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()]

    @property
    def processes(self) -> list[int]:
        """All processes on this host; only a namespace can tell."""
        if not self.namespace:
            return []
        words = ["ip", "netns", "pids", self.namespace]
        return [int(pid) for pid in subprocess.check_output(words).split()]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing runs here but the sshd that waits for logins."""
        assert self.process is not None
        return not self.sessions and set(self.processes) <= {self.process.pid}

    def stop(self) -> None:
        """End its sshd and all that runs on it."""
        if self.process is None:
            return
        for pid in {self.process.pid, *self.sessions, *self.processes}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass
class Fleet:
    """The hosts, and the home directory of whoever reaches them.

    `gateway` is this machine's address as they see it.
    """

    directory: Path
    gateway: str
    network: str
    hosts: list[Host] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """With `.ssh`: configuration, key, known_hosts."""
        return self.directory / "home"

    @property
    def known_hosts(self) -> Path:
        """Where accepted host keys are."""
        return self.home / ".ssh/known_hosts"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a command that is to reach the fleet, and nothing else."""
        return {
            "HOME": str(self.home),
            "PYTSUNG_LOOPBACK_ONLY": "1",
            "PYTSUNG_TEST_NETWORKS": self.network,
            "SSH_AUTH_SOCK": "",
        }

    def write_configuration(self, *more: str) -> None:
        """Tell SSH where the hosts are; `more` lines come first."""
        lines = [*more]
        for host in self.hosts:
            lines += [f"Host {host.name}", f"  HostName {host.address}", f"  Port {host.port}"]
        (self.home / ".ssh/config").write_text("\n".join(lines) + "\n")

    def trust(self, hosts: Sequence[Host] | None = None) -> None:
        """Write the hosts' true keys into known_hosts, as somebody who has been there."""
        lines = []
        for host in self.hosts if hosts is None else hosts:
            key = host.key.with_suffix(".pub").read_text().split()
            place = host.address if host.port == 22 else f"[{host.address}]:{host.port}"
            lines.append(f"{place} {key[0]} {key[1]}\n")
        with self.known_hosts.open("a") as file:
            file.writelines(lines)


@contextmanager
def fleet(
    count: int, names: str = "realtime-worker-{}", *, started: bool = True
) -> Iterator[Fleet]:
    """So many hosts, named from 1 on; the fleet's user may log in on all of them."""
    # Not in /tmp, which a test may fill on a host.
    directory = Path(tempfile.mkdtemp(prefix="pytsung-fleet-", dir="/var/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory)
        if may_make_namespaces():
            Path("/run/sshd").mkdir(exist_ok=True)  # where a privileged sshd separates itself
            made_network = stack.enter_context(network(count))
            made = Fleet(directory, made_network.gateway, str(made_network.addresses))
            places = [
                (made_network.address(number), 22, namespace)
                for number, namespace in enumerate(made_network.namespaces, start=1)
            ]
        else:
            made = Fleet(directory, HERE, "127.0.0.0/8")
            places = [(f"127.0.1.{number}", _free_port(), "") for number in range(1, count + 1)]
        (made.home / ".ssh").mkdir(parents=True, mode=0o700)
        user_key = made.home / ".ssh/id_ed25519"
        _make_key(user_key)
        shutil.copy(f"{user_key}.pub", directory / "authorized_keys")
        for number, (address, port, namespace) in enumerate(places, start=1):
            name = names.format(number)
            place = directory / name
            place.mkdir()
            _make_key(place / "host_key")
            host = Host(name, address, port, place, namespace)
            made.hosts.append(host)
            stack.callback(host.stop)
        made.write_configuration()
        if started:
            for host in made.hosts:
                host.start()
        yield made


def _make_key(path: Path) -> None:
    words = [
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        getpass.getuser(),
        "-f",
        str(path),
    ]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
