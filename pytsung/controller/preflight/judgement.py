"""What a host's facts mean for a plan: rule by rule, in words that say where the wall is.

Pure functions from facts and needs to findings. Each rule carries where its figure
comes from. Must not know how facts are gathered or findings shown.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf

from pytsung.control.facts import HostFacts
from pytsung.controller.preflight.cures import ByHand, Cure, Limit, Sysctl
from pytsung.controller.preflight.findings import Finding, Level
from pytsung.controller.preflight.needs import Needs

SPARE_DESCRIPTORS = 64
"""Descriptors of a worker that are no users' (as the agent's workers reckon)."""

FEW_DESCRIPTORS = 4096
"""A hard limit below this makes workers by the dozen; every distribution allows far more."""

MANY_DESCRIPTORS = 1_048_576
"""What a cure sets at least: Linux's own default for fs.nr_open."""

WIDEST = (1024, 65535)
"""Ports that a process without privileges may use."""

WORKER_MEMORY = 4 * 2**20
"""Bytes of one more worker, measured 3.3 MB; and of what it needs at work."""

USER_MEMORY = 5000
"""Bytes of an idle user: measured 0.5 KB of ours and up to 4 KB of the kernel's."""

TARGET_MEMORY = 5000
"""Bytes of the far end of a connection, where the target is on the same host."""

BUSY_PART = 4
"""One user in so many has a page of TCP buffers in use: a million idle ones have none."""

PAGE = 4096

ARRIVALS_PER_CORE = 5000
"""Users that a core can start in a second, measured 60–150 µs each on a quiet machine,
with room for what they do then."""

SHORT_QUEUE = 1024
"""Connections waiting to be accepted: fewer are lost in a burst of arrivals."""

CLOCK_OFF = 1.0
"""Seconds between clocks from which on log files of different hosts are hard to compare."""


def judge(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """Everything that is found of one host, in a fixed order."""
    return [finding for rule in RULES for finding in rule(host, facts, needs)]


Rule = Callable[[str, HostFacts, Needs], list[Finding]]


def _finding(
    host: str,
    subject: str,
    words: str,
    *,
    needed: float = 0,
    holds: float = inf,
    cures: tuple[Cure, ...] = (),
) -> list[Finding]:
    """Well when it holds what is needed, else red with its cures."""
    if holds >= needed:
        return [Finding(host, subject, Level.OK, words, holds=holds)]
    text = f"{words}; {needed:,.0f} planned"
    return [Finding(host, subject, Level.RED, text, cures, holds)]


def _python(host: str, facts: HostFacts, _: Needs) -> list[Finding]:
    words = f"Python {facts.python} on Linux {facts.kernel}"
    return [Finding(host, "agent", Level.OK, words)]


def _cores(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """More workers than cores take turns; arrivals beyond a core's pace come late."""
    have = f"{facts.cores} core{'s' if facts.cores > 1 else ''}"
    words = f"{have} for {needs.workers} worker{'s' if needs.workers > 1 else ''}"
    busy = min(needs.workers, facts.cores)
    words += f" and {needs.rate:,.0f} arrivals/s"
    if needs.rate > busy * ARRIVALS_PER_CORE:
        words += f", of some {busy * ARRIVALS_PER_CORE:,} that they can start"
        cure = ByHand('raise cpu="…" in <client>, or add a host')
        return [Finding(host, "processors", Level.WARNING, words, (cure,))]
    if needs.workers > facts.cores:
        cure = ByHand(f'cpu="{facts.cores}" in <client> is as fast')
        return [Finding(host, "processors", Level.WARNING, words, (cure,))]
    return [Finding(host, "processors", Level.OK, words)]


def _descriptors(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """A low limit costs workers, not users; a very low one costs more of them than it is worth."""
    limit = facts.descriptors
    room = limit.hard - SPARE_DESCRIPTORS
    if room <= 0:
        words = f"at most {limit.hard:,} files a process: no worker could start"
        return [Finding(host, "descriptors", Level.RED, words, _more_files(facts, needs), 0)]
    per_worker = min(room, needs.max_users)
    workers = max(needs.workers, ceil(needs.users / per_worker))
    words = f"{limit.hard:,} files a process: {workers:,} workers for {needs.users:,} users"
    if limit.hard >= FEW_DESCRIPTORS:
        return [Finding(host, "descriptors", Level.OK, words)]
    return [Finding(host, "descriptors", Level.RED, words, _more_files(facts, needs))]


def _more_files(facts: HostFacts, needs: Needs) -> tuple[Cure, ...]:
    wanted = max(MANY_DESCRIPTORS, needs.users + SPARE_DESCRIPTORS)
    limit = Limit("nofile", wanted)
    if facts.descriptors.nr_open < wanted:
        return Sysctl("fs.nr_open", (wanted,)), limit
    return (limit,)


def _addresses(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """An address that the host lacks costs every connection that should leave from it."""
    if not needs.addresses:
        return []
    missing = facts.missing_addresses
    have = len(needs.addresses) - len(missing)
    if not missing:
        words = f"{have} source address{'es' if have > 1 else ''}, all there"
        return [Finding(host, "addresses", Level.OK, words)]
    device = facts.device or "DEVICE"
    cures = tuple(ByHand(f"sudo ip address add {one} dev {device}") for one in missing[:3])
    words = f"{len(missing)} of {len(needs.addresses)} source addresses are missing: {missing[0]}"
    words += " and others" if len(missing) > 1 else ""
    holds = 0 if not have else inf
    return [Finding(host, "addresses", Level.RED, words, cures, holds)]


def _ports(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """A port is in use once for each pair of source and target address."""
    addresses = max(1, len(needs.addresses) - len(facts.missing_addresses))
    targets = max(1, len(needs.endpoints))
    usable = _usable_ports(facts.ports.high - facts.ports.low + 1, facts, needs)
    holds = addresses * targets * usable
    needed = _ports_needed(facts, needs)
    words = f"holds {holds:,}: {_times(addresses, targets)}{usable:,} ports"
    if usable != needs.fixed_ports and not facts.ports.has_windows:
        words += " (half of the range: Linux before 6.3)"
    if needed > needs.users:
        words += f"; with those in TIME_WAIT {needed:,} are in use"
    cures: list[Cure] = []
    most = _usable_ports(WIDEST[1] - WIDEST[0] + 1, facts, needs)
    if most > usable and not needs.fixed_ports:
        cures.append(Sysctl("net.ipv4.ip_local_port_range", WIDEST))
    if most * addresses * targets < needed:
        more = ceil(needed / (most * targets)) - addresses
        text = f"{more:,} address{'es' if more > 1 else ''} more"
        words += f"; needs {text} on {host}"
        device = facts.device or "DEVICE"
        by_hand = f'sudo ip address add ADDRESS dev {device}, and <ip value="ADDRESS"/> in <client>'
        cures.append(ByHand(by_hand))
    return _finding(host, "ports", words, needed=needed, holds=holds, cures=tuple(cures))


def _usable_ports(size: int, facts: HostFacts, needs: Needs) -> int:
    if needs.fixed_ports:
        return needs.fixed_ports
    return size if facts.ports.has_windows else size // 2


def _ports_needed(facts: HostFacts, needs: Needs) -> int:
    """Ports in use at once. Those in TIME_WAIT may be used again where the kernel says so."""
    reuses = facts.ports.reuse == 1 or (facts.ports.reuse == 2 and needs.stays_here)
    return needs.users if reuses else needs.lingering


def _times(addresses: int, targets: int) -> str:
    words = f"{addresses} address{'es' if addresses > 1 else ''} × "
    return words if targets == 1 else f"{words}{targets} targets × "


def _tracking(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """A full table drops packets of new connections, without a word to anybody."""
    if not facts.tracking.most:
        return []
    holds = max(0, facts.tracking.most - facts.tracking.count)
    words = f"the firewall tracks {facts.tracking.most:,} connections, {holds:,} of them free"
    wanted = Sysctl("net.netfilter.nf_conntrack_max", (_round_up(needs.lingering * 2),))
    needed = needs.lingering
    return _finding(host, "conntrack", words, needed=needed, holds=holds, cures=(wanted,))


def _memory(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """A user at rest takes little, but there are many."""
    each = USER_MEMORY + (TARGET_MEMORY if needs.stays_here else 0)
    holds = max(0, (facts.memory.free - needs.workers * WORKER_MEMORY) // each)
    words = f"{facts.memory.free / 2**30:,.1f} GiB free, for {holds:,} users at rest"
    cure = ByHand("add memory, or a host")
    return _finding(host, "memory", words, needed=needs.users, holds=holds, cures=(cure,))


def _tcp_memory(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """Above the third figure of tcp_mem the kernel drops data of everybody."""
    if not facts.memory.tcp:
        return []
    holds = facts.memory.tcp // PAGE * BUSY_PART
    words = f"tcp_mem lets buffers take {facts.memory.tcp / 2**30:,.1f} GiB, for {holds:,} users"
    pages = _round_up(needs.users // BUSY_PART + 1)
    cure = Sysctl("net.ipv4.tcp_mem", (pages // 2, pages * 3 // 4, pages))
    return _finding(host, "tcp buffers", words, needed=needs.users, holds=holds, cures=(cure,))


def _accept_queue(host: str, facts: HostFacts, needs: Needs) -> list[Finding]:
    """Of the target's host: looked at only where that is this one."""
    if not needs.stays_here:
        return []
    words = f"{facts.accept_queue:,} connections may wait for the target to accept them"
    if facts.accept_queue >= SHORT_QUEUE:
        return [Finding(host, "accept queue", Level.OK, words)]
    cure = Sysctl("net.core.somaxconn", (4096,))
    return [Finding(host, "accept queue", Level.RED, words, (cure,))]


def _target(host: str, facts: HostFacts, _: Needs) -> list[Finding]:
    """One connection to each target; that it refuses may be what somebody wants to see."""
    failed = [reach for reach in facts.reached if reach.error]
    findings = [
        Finding(
            host,
            "target",
            Level.RED,
            f"{reach.endpoint} cannot be reached from {host}: {reach.error}",
            (ByHand(_cure_for(reach.error, str(reach.endpoint))),),
        )
        for reach in failed
    ]
    good = [reach for reach in facts.reached if not reach.error]
    if good:
        slowest = max(good, key=lambda reach: reach.seconds)
        words = f"{slowest.endpoint} accepts, in {slowest.seconds * 1000:,.1f} ms"
        words += f"; so do {len(good) - 1} others" if len(good) > 1 else ""
        findings.append(Finding(host, "target", Level.OK, words))
    return findings


def _cure_for(error: str, endpoint: str) -> str:
    if error == "econnrefused":
        return f"start the target at {endpoint}"
    if error == "nxdomain":
        return "correct the name in <server>, or make this host's name server know it"
    if error == "eacces":
        return "PYTSUNG_LOOPBACK_ONLY forbids it; list its network in PYTSUNG_TEST_NETWORKS"
    return f"let the firewall pass connections to {endpoint}, and see that it is up"


def clock(host: str, offset: float, uncertainty: float) -> Finding:
    """How far the host's time of day is from ours; arrivals do not depend on it."""
    words = f"{offset:+.3f} s (± {uncertainty:.3f})"
    if abs(offset) - uncertainty <= CLOCK_OFF:
        return Finding(host, "clock", Level.OK, words, room=-abs(offset))
    words += ": its logs and the target's will be hard to compare"
    return Finding(host, "clock", Level.WARNING, words, (ByHand("sudo timedatectl set-ntp true"),))


def _round_up(number: int) -> int:
    """To the next power of two: settings should look like settings."""
    return 1 << max(16, (number - 1).bit_length())


RULES: tuple[Rule, ...] = (
    _python,
    _cores,
    _descriptors,
    _addresses,
    _ports,
    _tracking,
    _memory,
    _tcp_memory,
    _accept_queue,
    _target,
)
