"""The bundled server as the target of a measurement: a process whose cost is not counted.

Must not know who connects to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import children, open_descriptors

DRAIN_TIME = 20.0


class Target:
    """A running server. `counts` are known when it has ended."""

    def __init__(self, host: str, port: int, pids: list[int]) -> None:
        self.host = host
        self.port = port
        self.counts: dict[str, float] = {}
        self._pids = pids
        self._idle = self._descriptors()

    def connections(self) -> int:
        """How many connections it holds now: it has a descriptor for each."""
        return self._descriptors() - self._idle

    def _descriptors(self) -> int:
        return sum(map(open_descriptors, self._pids))


@contextmanager
def bundled_server(
    workers: int = 1, *, host: str = "127.0.0.1", port: int = 0, profile: str = "current"
) -> Iterator[Target]:
    """Run the server; it has ended, and told its counts, when the context is left."""
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as folder:
        stats = Path(folder) / "stats.json"
        command = [sys.executable, "-m", "pytsung_server", "--host", host, "--port", str(port)]
        command += ["--workers", str(workers), "--profile", profile, "--grace", "1"]
        process = subprocess.Popen(
            [*command, "--stats", str(stats)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout:
            try:
                target = Target(host, listening_port(process.stdout.readline()), _pids(process.pid))
                yield target
                process.terminate()
                process.wait(DRAIN_TIME)
                target.counts = json.loads(stats.read_text())
            finally:
                process.kill()
                process.wait()


def listening_port(line: str) -> int:
    """The port in what the server says when it listens."""
    address = line.partition("://")[2].split()[0]
    return int(address.rpartition(":")[2])


def _pids(supervisor: int) -> list[int]:
    return [supervisor, *children(supervisor)]
