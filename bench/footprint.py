"""Where the memory of a whole machine goes: kernel, part by part, and processes.

Readings of /proc. What the kernel keeps for sockets stands in no process's account, so
the machine is looked at before and during a load, and the difference is told apart.
Must not know what the load is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Memory, read_rollup

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")

KERNEL_PARTS = {
    "page tables": "PageTables",
    "kernel stacks": "KernelStack",
    "per-processor data": "Percpu",
}
"""Parts of /proc/meminfo that grow with processes, besides the slabs."""

NAMED_SLABS = 7
"""Kinds of kernel objects that a table names; the others are summed up."""


@dataclass(frozen=True, slots=True)
class Look:
    """A machine at one moment. All in bytes but `sockets`: TCP sockets that are in use.

    `reclaimable` is what Linux calls available though objects are in it: inodes and
    directory entries, those of open sockets too, which nobody can reclaim.
    """

    available: int
    sockets: int
    buffers: int
    parts: Mapping[str, int]
    slabs: Mapping[str, int]
    processes: Mapping[str, Memory]
    reclaimable: int = 0


def look(processes: Mapping[str, Iterable[int]]) -> Look:
    """Look at the machine; `processes` are process ids by what they are called together."""
    meminfo = read_meminfo((PROC / "meminfo").read_text())
    sockets, buffers = read_sockstat((PROC / "net" / "sockstat").read_text())
    return Look(
        available=meminfo["MemAvailable"],
        sockets=sockets,
        buffers=buffers,
        parts={name: meminfo.get(key, 0) for name, key in KERNEL_PARTS.items()},
        slabs=_slabs(meminfo),
        processes={name: _memory(pids) for name, pids in processes.items()},
        reclaimable=meminfo.get("SReclaimable", 0),
    )


def available() -> int:
    """Bytes that Linux calls available."""
    return read_meminfo((PROC / "meminfo").read_text())["MemAvailable"]


def tcp_sockets() -> int:
    """TCP sockets in use on this machine, both ends of a connection over loopback."""
    return read_sockstat((PROC / "net" / "sockstat").read_text())[0]


def read_meminfo(text: str) -> dict[str, int]:
    """The sizes in the text of /proc/meminfo, in bytes."""
    sizes = re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    return {name: int(kb) * 1024 for name, kb in sizes}


def read_sockstat(text: str) -> tuple[int, int]:
    """TCP sockets in use and bytes in their buffers, of the text of /proc/net/sockstat."""
    found = re.search(r"^TCP: inuse (\d+) .*mem (\d+)$", text, re.MULTILINE)
    assert found is not None, "sockstat has no line for TCP"
    return int(found[1]), int(found[2]) * PAGE


def read_slabs(text: str) -> dict[str, int]:
    """Bytes in each kind of kernel object, of the text of /proc/slabinfo (slabinfo(5))."""
    sizes = {}
    for line in text.splitlines()[2:]:
        fields = line.split()
        # name, active, all, size, objects in a slab, pages in a slab … active slabs, slabs
        sizes[fields[0]] = int(fields[14]) * int(fields[5]) * PAGE
    return sizes


def _slabs(meminfo: Mapping[str, int]) -> dict[str, int]:
    """By kind where we may know (root only), else in one sum."""
    try:
        return read_slabs((PROC / "slabinfo").read_text())
    except PermissionError:
        return {"all (root sees them by kind)": meminfo["Slab"]}


def _memory(pids: Iterable[int]) -> Memory:
    total = Memory(0, 0)
    for pid in pids:
        try:
            total += read_rollup((PROC / str(pid) / "smaps_rollup").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    return total


def growth(before: Look, after: Look) -> dict[str, int]:
    """Bytes by which each part has grown, the kernel's first; the rest is what nobody owns to."""
    slabs = {name: size - before.slabs.get(name, 0) for name, size in after.slabs.items()}
    largest = sorted(slabs, key=lambda name: slabs[name], reverse=True)[:NAMED_SLABS]
    parts = {f"kernel: {name} objects": slabs[name] for name in largest}
    parts["kernel: other objects"] = sum(slabs.values()) - sum(slabs[name] for name in largest)
    parts["kernel: socket buffers"] = after.buffers - before.buffers
    for name, size in after.parts.items():
        parts[f"kernel: {name}"] = size - before.parts[name]
    for name, memory in after.processes.items():
        parts[f"processes: {name}"] = memory.pss
    parts["of these, called available by Linux"] = before.reclaimable - after.reclaimable
    parts["the rest"] = before.available - after.available - sum(parts.values())
    return parts
