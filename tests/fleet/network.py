"""Network namespaces as hosts: each with a cable to one bridge, all removed again.

Names carry the process that made them and a count of its own, so that no two fleets meet,
not even one and the remains of another that the kernel is still taking down. What a killed
process left is swept when the next fleet is made. Must not know what runs on the hosts.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCK = Path("/run/pytsung-fleet.lock")
"""Held while a network is chosen and taken: fleets of two processes want the same one."""

NETWORKS = ipaddress.ip_network("10.98.0.0/16")

_NAMESPACES = Path("/run/netns")
_OURS = re.compile(r"pt(?P<pid>[0-9a-f]+)n[0-9a-f]+(h\d+)?")
"""A bridge, `pt` PROCESS `n` COUNT, or a host's end of its cable, with `h` NUMBER besides; the
first two in hexadecimal: the kernel allows 15 characters."""

_counts = itertools.count()


@dataclass(frozen=True, slots=True)
class Network:
    """`gateway` is this machine's address on it; `namespaces` are the hosts', from the first on."""

    bridge: str
    addresses: ipaddress.IPv4Network
    namespaces: Sequence[str]

    @property
    def gateway(self) -> str:
        return str(self.addresses[1])

    def address(self, number: int) -> str:
        """Of host `number`, counted from 1."""
        return str(self.addresses[1 + number])


def may_make_namespaces() -> bool:
    """Whether hosts can be network namespaces here."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"{_name()}h0"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode == 0:
        _remove([], [name])
    return made.returncode == 0


@contextmanager
def network(count: int) -> Iterator[Network]:
    """So many namespaces and a bridge between them, on a network that nothing here has.

    Whoever started processes in them ends these before the context does.
    """
    bridge = _name()
    namespaces = [f"{bridge}h{number}" for number in range(1, count + 1)]
    try:
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # goes with the process, too
            sweep()
            made = Network(bridge, free_network(), namespaces)
            # From here on others see that it is taken.
            _ip([f"link add {bridge} type bridge", f"addr add {made.gateway}/24 dev {bridge}"])
        _link(made)
        yield made
    finally:
        _remove([*namespaces, bridge], namespaces)


def free_network() -> ipaddress.IPv4Network:
    """The first that overlaps no address and no route of this machine."""
    taken = [
        ipaddress.ip_network(f"{address['local']}/{address['prefixlen']}", strict=False)
        for link in _told("addr")
        for address in link.get("addr_info", ())
    ]
    routes = [route["dst"] for route in _told("route") if route["dst"] != "default"]
    taken += [ipaddress.ip_network(route) for route in routes]
    for candidate in NETWORKS.subnets(new_prefix=24):
        if not any(candidate.overlaps(other) for other in taken):
            assert isinstance(candidate, ipaddress.IPv4Network)
            return candidate
    raise RuntimeError(f"{NETWORKS} is in use on this machine: no network for the fleet's hosts")


def sweep() -> None:
    """Remove what processes left that were killed before they could."""
    links, namespaces = ([n for n in names if _is_left(n)] for names in (_links(), _spaces()))
    for name in namespaces:
        told = subprocess.run(["ip", "netns", "pids", name], capture_output=True, check=False)
        for pid in told.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    _remove(links, namespaces)


def _name() -> str:
    return f"pt{os.getpid():x}n{next(_counts):x}"


def _is_left(name: str) -> bool:
    found = _OURS.fullmatch(name)
    return found is not None and not Path(f"/proc/{int(found['pid'], 16)}").exists()


def _link(made: Network) -> None:
    """A cable from the bridge to each host, and addresses at both ends."""
    lines = [f"link set {made.bridge} up"]
    for name in made.namespaces:
        lines += [
            f"netns add {name}",
            f"link add {name} type veth peer name eth0 netns {name}",
            f"link set {name} master {made.bridge}",
            f"link set {name} up",
        ]
    _ip(lines)
    for number, name in enumerate(made.namespaces, start=1):
        lines = [f"addr add {made.address(number)}/24 dev eth0"]
        _ip([*lines, "link set eth0 up", "link set lo up"], "-n", name)


def _remove(links: Sequence[str], namespaces: Sequence[str]) -> None:
    """Remove those that exist, the cables first, by this machine's end.

    Those go at once then. With its namespace a cable goes when the kernel comes to it,
    long after `ip netns del` has returned, and keeps its name until then.
    """
    here, spaces = set(_links()), set(_spaces())
    lines = [f"link del {name}" for name in links if name in here]
    _ip([*lines, *(f"netns del {name}" for name in namespaces if name in spaces)], "-force")


def _links() -> list[str]:
    return [path.name for path in Path("/sys/class/net").iterdir()]


def _spaces() -> list[str]:
    return [path.name for path in _NAMESPACES.iterdir()] if _NAMESPACES.is_dir() else []


def _told(what: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(
        subprocess.check_output(["ip", "-j", "-4", what, "show"]) or b"[]"
    )
    return answer


def _ip(lines: Sequence[str], *words: str) -> None:
    """Let `ip` do all lines. Raises with what it said when one of them failed."""
    text = "\n".join(lines) + "\n"
    done = subprocess.run(
        ["ip", *words, "-batch", "-"], input=text, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)} failed: {done.stderr}\n{text}")
