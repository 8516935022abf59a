"""What the processes of one program use, read from /proc.

They are found by a mark in their environment, which every child inherits, daemons
too. Must not know which program it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MARK = "PYTSUNG_BENCH"

_TICKS = os.sysconf("SC_CLK_TCK")
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in memory: resident, and the part that is this process's own share of them."""

    rss: int
    pss: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.rss + other.rss, self.pss + other.pss)


class Family:
    """All processes that carry one mark, but for those named in `ignored`.

    Start the first one with `environment`; call `find` when new ones may have come.
    """

    def __init__(self, ignored: frozenset[str] = frozenset()) -> None:
        self.pids: list[int] = []
        self._mark = f"{MARK}={uuid.uuid4()}"
        self._ignored = ignored

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that makes a process, and its children, belong here."""
        name, _, value = self._mark.partition("=")
        return {**os.environ, name: value, "PYTSUNG_LOOPBACK_ONLY": "1"}

    def find(self) -> None:
        """Look for the members."""
        mark = self._mark.encode()
        self.pids = [
            pid
            for pid in all_pids()
            if mark in _environment(pid) and _name(pid) not in self._ignored
        ]

    def cpu(self, only: list[int] | None = None) -> float:
        """Seconds of user and system time so far, those of ended and awaited children too.

        Of the members, or only of some of them.
        """
        return sum(map(_cpu, self.pids if only is None else only))

    def run_time(self, only: list[int] | None = None) -> float:
        """Seconds that the members' threads have run, to the microsecond where `cpu` has ticks.

        Without what has ended, so for a while in which nothing comes or goes.
        """
        return sum(map(run_time, self.pids if only is None else only))

    def memory(self, only: list[int] | None = None) -> Memory:
        """What the members, or only some of them, have in memory."""
        total = Memory(0, 0)
        for pid in self.pids if only is None else only:
            total += read_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return total

    def named(self, name: str) -> list[int]:
        """The members whose program has this name."""
        return [pid for pid in self.pids if _name(pid) == name]

    def leaves(self, variable: str) -> list[int]:
        """The members that have no children, and a variable of this name."""
        mark = f"{variable}=".encode()
        return [
            pid
            for pid in self.pids
            if not children(pid) and any(line.startswith(mark) for line in _environment(pid))
        ]

    def kill(self) -> None:
        """End all members at once."""
        self.find()
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def read_stat(text: str) -> float:
    """Seconds of CPU in the text of /proc/PID/stat: own, and of children that were awaited."""
    # The program's name is in parentheses and may contain anything; 14 to 17 of proc(5).
    fields = text.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def read_rollup(text: str) -> Memory:
    """The sizes in the text of /proc/PID/smaps_rollup."""
    sizes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB$", text, re.MULTILINE))
    return Memory(int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024)


def open_descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    folder = Path(f"/proc/{pid}/fd")
    # Linux ≥ 6.2 says it as the folder's size; listing 20,000 takes milliseconds.
    return folder.stat().st_size or len(list(folder.iterdir()))


def children(pid: int) -> list[int]:
    """The children of a process's main thread."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except _GONE:
        return []


def all_pids() -> Iterator[int]:
    """All processes of the machine."""
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (*_GONE, PermissionError):
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except _GONE:
        return ""


def run_time(pid: int) -> float:
    """Seconds that a process's threads have run; 0 when it is gone."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except _GONE:
        return 0.0


def _cpu(pid: int) -> float:
    try:
        return read_stat(Path(f"/proc/{pid}/stat").read_text())
    except _GONE:
        return 0.0  # its parent's children's time has it now
