"""The bundled server as the target of a run (`--target`): started, waited for, accounted for.

Knows it as a command only; nothing here imports it.
"""

from __future__ import annotations

import ipaddress
import json
import math
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from pytsung.control.messages import Cost
from pytsung.errors import UsageError
from pytsung.plan import Endpoint, Plan

START_TIME = 20.0
DRAIN_TIME = 15.0
LINE_LIMIT = 4096

MOST_CONNECTIONS = 1_000_000
"""What the bundled server holds unless it is told otherwise."""

SPARE_DESCRIPTORS = 128
"""Descriptors of a server process that are no connections."""


@dataclass(slots=True)
class BundledTarget:
    """The running server. `cost` is known when it has ended."""

    address: str
    cost: Cost | None = None


def target_endpoint(plan: Plan) -> Endpoint:
    """Where the bundled server is to listen: the one address that the plan's targets have.

    Raises UsageError when there are several, or it is not a loopback address.
    """
    endpoints = {target.endpoint for target in plan.targets}
    if len(endpoints) != 1:
        listed = ", ".join(sorted(map(str, endpoints)))
        raise UsageError(
            f"--target: the configuration has several servers ({listed}); "
            "send all of them to one address with --server 127.0.0.1:PORT"
        )
    (endpoint,) = endpoints
    if not is_loopback(endpoint.host):
        raise UsageError(
            f"--target: {endpoint.host} is not this machine's loopback; "
            f"add --server 127.0.0.1:{endpoint.port}"
        )
    return endpoint


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine's loopback for certain."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def workers_for(users: int, cores: int, descriptors: int) -> int:
    """Server processes that hold `users` connections: one a core, more where descriptors ask.

    The kernel deals connections out to the cores at random, so the fullest of C gets N/C
    and about six standard deviations more; its processes fill one after the other.
    """
    share = min(users, MOST_CONNECTIONS) / cores
    chance = 6 * math.sqrt(share) if cores > 1 else 0
    return cores * max(1, math.ceil((share + chance) / (descriptors - SPARE_DESCRIPTORS)))


def capacity(workers: int, cores: int, descriptors: int) -> int:
    """Connections that so many processes hold before chance fills those of one core."""
    most = workers // cores * (descriptors - SPARE_DESCRIPTORS)
    if cores == 1:
        return most
    # mean + 6 √mean = what a core's processes hold, solved for the mean
    return int(cores * (math.sqrt(most + 9) - 3) ** 2)


@asynccontextmanager
async def bundled_target(
    endpoint: Endpoint, options: str, *, users: int, run_id: str
) -> AsyncIterator[BundledTarget]:
    """Run the bundled server at an endpoint; leaving the context drains and ends it.

    `options` are further words for it, as on a command line. Without --workers among
    them it gets as many as `users` connections need. It ends with this process, however
    that ends. Raises UsageError with its own words when it does not come to listen.
    """
    host = "127.0.0.1" if endpoint.host == "localhost" else endpoint.host
    words = _words(options)
    if endpoint.transport.is_secure and "--tls-cert" not in " ".join(words):
        raise UsageError(
            "--target: the server speaks TLS and needs a certificate; "
            "add --target-options '--tls-cert FILE --tls-key FILE'"
        )
    with tempfile.TemporaryDirectory(prefix="pytsung-target-") as directory:
        stats = Path(directory) / "stats.json"
        command = [sys.executable, "-m", "pytsung_server", "--host", host]
        command += ["--port", str(endpoint.port), "--stats", str(stats), "--until-eof"]
        command += [*_size(users), *words]
        process = await trio.lowlevel.open_process(
            command,
            stdin=subprocess.PIPE,  # nothing is said there: its end is ours
            stdout=subprocess.PIPE,
            env=dict(os.environ, PYTSUNG_RUN_ID=run_id),
            start_new_session=True,
        )
        try:
            target = BundledTarget(await _first_line(process))
            yield target
            target.cost = await _drain(process, stats)
        finally:
            if process.returncode is None:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()


def _size(users: int) -> list[str]:
    """Options that make the server large enough, and promise no more than it can hold."""
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    cores = len(os.sched_getaffinity(0))
    workers = workers_for(users, cores, descriptors)
    most = capacity(workers, cores, descriptors)
    return ["--workers", str(workers), "--max-connections", str(most)]


def _words(options: str) -> list[str]:
    try:
        return shlex.split(options)
    except ValueError as error:
        raise UsageError(f"--target-options {options!r}: {error}; close the quotation") from error


async def _first_line(process: trio.Process) -> str:
    """What the server says when it listens."""
    assert process.stdout is not None
    said = b""
    with trio.move_on_after(START_TIME):
        while b"\n" not in said and len(said) < LINE_LIMIT:
            data = await process.stdout.receive_some(LINE_LIMIT)
            if not data:
                break
            said += data
    if b"\n" not in said:
        raise UsageError(
            "--target: the bundled server did not start; its own message stands above, "
            "and --server HOST:PORT names another address"
        )
    return said.decode("utf-8", "replace").strip()


async def _drain(process: trio.Process, stats: Path) -> Cost | None:
    """End the server gracefully; gives what it used."""
    process.send_signal(signal.SIGTERM)
    with trio.move_on_after(DRAIN_TIME):
        await process.wait()
    try:
        counts = json.loads(await trio.Path(stats).read_text(encoding="utf-8"))
        return Cost(float(counts["cpu_seconds"]), int(counts["peak_rss"]))
    except (OSError, ValueError, KeyError):
        return None  # it was killed, or is another version: its cost is unknown, not zero
