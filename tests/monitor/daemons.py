"""Real munin-node and snmpd, each on a port of 127.0.0.1, with a configuration of its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pytsung.monitor.snmp_messages import answer_in, question

NODE = "monitored.example"
"""What the munin node calls itself."""

_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin"
MUNIN_NODE = shutil.which("munin-node", path=_SBIN)
SNMPD = shutil.which("snmpd", path=_SBIN)
PATIENCE = 20.0


def free_port(kind: socket.SocketKind) -> int:
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def munin_node(directory: Path, allowed: str = "127.0.0.1") -> Iterator[int]:
    """A node with the plugins that Debian links, for one address; gives its port."""
    assert MUNIN_NODE is not None
    port = free_port(socket.SOCK_STREAM)
    config = directory / "munin-node.conf"
    config.write_text(
        f"log_file {directory}/munin-node.log\npid_file {directory}/munin-node.pid\n"
        f"background 0\nsetsid 0\nuser {os.geteuid()}\ngroup {os.getegid()}\n"
        f"host_name {NODE}\nallow ^{re.escape(allowed)}$\nhost 127.0.0.1\nport {port}\n"
    )
    with _running([MUNIN_NODE, "--config", str(config)], directory) as process:
        _wait(process, directory, lambda: socket.create_connection(("127.0.0.1", port), 1).close())
        yield port


@contextmanager
def snmp_daemon(directory: Path, *lines: str) -> Iterator[int]:
    """An agent that 127.0.0.1 may read as `public`; gives its port."""
    assert SNMPD is not None
    port = free_port(socket.SOCK_DGRAM)
    config = directory / "snmpd.conf"
    text = [f"agentaddress udp:127.0.0.1:{port}", "rocommunity public 127.0.0.1", *lines]
    config.write_text("\n".join(text) + "\n")
    words = [SNMPD, "-f", "-C", "-c", str(config), "-Lf", str(directory / "snmpd.log")]
    with _running([*words, "-p", str(directory / "snmpd.pid")], directory) as process:
        _wait(process, directory, lambda: _ask(port))
        yield port


def _ask(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        asking.connect(("127.0.0.1", port))
        asking.send(question(1, ["1.3.6.1.2.1.1.3.0"], "public", 2))
        assert answer_in(asking.recv(65535), 2) is not None


@contextmanager
def _running(command: list[str], directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = dict(os.environ, SNMP_PERSISTENT_DIR=str(directory), MIBS="")
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], directory: Path, look: object) -> None:
    assert callable(look)
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            look()
        except OSError:
            said = (directory / "said").read_text(errors="replace")[-2000:]
            assert process.poll() is None, said
            assert time.monotonic() < ends, said
            time.sleep(0.05)
        else:
            return
