"""What a worker and the bundled server do when they are saturated, and how much of it is Python.

    python -m bench.hotspots [--seconds 4] [--users 100000]

Answers: the kernel's share of the time of a worker, and of the server's, while users
connect, upgrade and leave as fast as one worker can; the functions that take most of it,
each with the system calls that it makes itself; and the same of the kernel, where perf may
look. Needs py-spy (pip install py-spy) and the right to trace (root, or ptrace_scope 0).
A quarter of a minute.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.generators import Running, generate, pytsung
from bench.machine import describe_machine
from bench.memory import RUN_ID
from bench.served import Ours, serving
from bench.sessions import ALL_AT_ONCE, Load, fresh_sources

RATE = 250
"""Looks of py-spy a second: each stops the process for some 100 µs, so that it is slowed little."""

SHOWN = 10
PATIENCE = 60.0
WARM_UP = 1.0
"""Seconds of CPU after which a process without children is the worker at work, and warm."""
LOOK = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Profile:
    """One process over a while: parts of a core, and parts of its time by function."""

    user: float
    kernel: float
    functions: dict[str, float]
    symbols: dict[str, float]

    @property
    def kernel_share(self) -> float:
        """The kernel's part of the process's time."""
        return self.kernel / (self.user + self.kernel) if self.kernel else 0.0


class Looker:
    """Looks at one process for so many seconds, from its making on; `profile` waits for the end."""

    def __init__(self, pid: int, seconds: float, folder: Path) -> None:
        self._pid, self._seconds = pid, seconds
        self._stacks, self._data = folder / f"{pid}.stacks", folder / f"{pid}.perf"
        self._before = times(pid)
        spy = ["py-spy", "record", "-p", str(pid), "-d", f"{seconds:.0f}", "-r", str(RATE)]
        self._spy = _start([*spy, "-f", "raw", "--nonblocking", "-o", str(self._stacks)])
        perf = ["perf", "record", "-q", "-e", "cpu-clock:k", "-p", str(pid)]
        perf += ["-o", str(self._data), "--", "sleep", f"{seconds:g}"]
        self._perf = _start(perf) if shutil.which("perf") else None

    def profile(self) -> Profile:
        """What was seen. Raises RuntimeError when py-spy may not look."""
        time.sleep(self._seconds)
        user, kernel = (
            (after - before) / self._seconds
            for after, before in zip(times(self._pid), self._before, strict=True)
        )
        self._spy.wait(PATIENCE)
        if not self._stacks.exists():
            raise RuntimeError("py-spy saw nothing: run as root, or set kernel.yama.ptrace_scope=0")
        symbols = {}
        if self._perf is not None and self._perf.wait(PATIENCE) == 0:
            symbols = read_symbols(_report(self._data))
        return Profile(user, kernel, read_stacks(self._stacks.read_text()), symbols)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _report(data: Path) -> str:
    words = ["perf", "report", "--stdio", "-q", "-F", "overhead,symbol", "-i", str(data)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60).stdout


def times(pid: int) -> tuple[float, float]:
    """Seconds of user and system time that a process has used (14 and 15 of proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / _TICKS, int(fields[12]) / _TICKS


def read_stacks(text: str) -> dict[str, float]:
    """Parts of the time by innermost function, of py-spy's raw form: `outer;inner COUNT`."""
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        # `_turn (pytsung/reactor/reactor.py:171)`: the line of the call is of no interest.
        innermost = stack.rpartition(";")[2]
        name, _, place = innermost.partition(" (")
        counts[f"{name} ({place.partition(':')[0]})"] += int(count)
    return _parts(counts)


def read_symbols(text: str) -> dict[str, float]:
    """Parts of the kernel's time by its function, of what `perf report` prints."""
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 3 and fields[0].endswith("%"):
            counts[fields[2]] += round(float(fields[0].rstrip("%")) * 100)
    return _parts(counts)


def _parts(counts: Counter[str]) -> dict[str, float]:
    whole = counts.total() or 1
    return {name: count / whole for name, count in counts.most_common()}


def measure(users: int, seconds: float) -> dict[str, Profile]:
    """Saturate one worker, and look at it and at the server."""
    with serving(Ours()) as served, tempfile.TemporaryDirectory() as folder:
        load = Load(
            port=served.port, sources=fresh_sources(), users=users, rate=ALL_AT_ONCE, hold=0
        )
        with generate(pytsung(), load) as running:
            worker = _busy_worker(running)
            pids = {"worker": worker, "server": served.pids[-1]}
            lookers = {n: Looker(pid, seconds, Path(folder)) for n, pid in pids.items()}
            profiles = {name: looker.profile() for name, looker in lookers.items()}
            running.require_alive()  # else a part of the time was spent on nothing
    return profiles


def _busy_worker(running: Running) -> int:
    """The worker, as soon as it works."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        running.require_alive()
        running.family.find()
        for pid in running.family.leaves(RUN_ID):
            if sum(times(pid)) > WARM_UP:
                return pid
        time.sleep(LOOK)
    raise TimeoutError("no worker was busy")


def tables(profiles: dict[str, Profile]) -> list[str]:
    """What is printed: shares, then where the time goes."""
    lines = ["| process | of a core | kernel | Python |", "| --- | --- | --- | --- |"]
    for name, one in profiles.items():
        share = one.kernel_share
        lines.append(f"| {name} | {one.user + one.kernel:.0%} | {share:.0%} | {1 - share:.0%} |")
    for name, one in profiles.items():
        lines += ["", f"| {name}: function, with its system calls | of its time |", "| --- | --- |"]
        lines += [f"| `{what}` | {part:.1%} |" for what, part in _first(one.functions)]
        if one.symbols:
            lines += ["", f"| {name}: in the kernel | of the kernel's time |", "| --- | --- |"]
            lines += [f"| `{what}` | {part:.1%} |" for what, part in _first(one.symbols)]
    return lines


def _first(parts: dict[str, float]) -> list[tuple[str, float]]:
    return list(parts.items())[:SHOWN]


def main() -> int:
    """Print the tables; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="to look (4)")
    parser.add_argument("--users", type=int, default=100_000, help="who are all due at once")
    options = parser.parse_args()
    if shutil.which("py-spy") is None:
        print("py-spy is not installed (pip install py-spy).", file=sys.stderr)
        return 2
    print(describe_machine())
    print("Users connect, upgrade and leave as fast as one worker can.\n")
    print("\n".join(tables(measure(options.users, options.seconds))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
