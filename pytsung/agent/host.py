"""The host's CPU, memory and load, and our own processes', as Linux tells them.

Readings of /proc; nothing is installed or started for them.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class HostReading:
    """One look at a host: CPU busy since the last look (% of all cores), free memory
    (MB, what Linux calls available), load (1-minute average)."""

    cpu: float
    free_memory: float
    load: float


class HostSampler:
    """Reads this host; CPU is measured from one reading to the next."""

    def __init__(self) -> None:
        self._busy, self._total = _cpu_ticks()

    def read(self) -> HostReading:
        """The state now."""
        busy, total = _cpu_ticks()
        elapsed = total - self._total
        cpu = 100 * (busy - self._busy) / elapsed if elapsed else 0.0
        self._busy, self._total = busy, total
        return HostReading(cpu, _available_memory(), os.getloadavg()[0])


def _cpu_ticks() -> tuple[int, int]:
    """Busy and total ticks of all cores since boot (proc(5), /proc/stat)."""
    fields = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]
    ticks = [int(field) for field in fields]
    idle = ticks[3] + ticks[4]  # idle and iowait
    return sum(ticks) - idle, sum(ticks)


def _available_memory() -> float:
    for line in (PROC / "meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) / 1024
    raise OSError("/proc/meminfo: no MemAvailable; Linux 3.14 or newer is needed")


def descriptors(process: int) -> int:
    """How many descriptors a process has open; 0 if nobody knows.

    The size of /proc/PID/fd is their number since Linux 6.2; to list 20,000 of them every
    second would cost more than it tells.
    """
    try:
        return (PROC / str(process) / "fd").stat().st_size
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0


def descriptor_limit() -> int:
    """How many descriptors a worker may have: it raises its limit to the hard one."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def rss(processes: Iterable[int]) -> int:
    """Memory of these processes together, in bytes; those that are gone count nothing."""
    total = 0
    for process in processes:
        try:
            total += int((PROC / str(process) / "statm").read_text().split()[1]) * PAGE
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total
