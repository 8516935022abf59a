"""What hosts reported: processor, memory, load, and whatever else was monitored.

Must not know who monitored them, nor units: each metric has its own.
"""

from __future__ import annotations

from pytsung.logdir.blocks import Blocks, SampleLine
from pytsung.report.record import HostReading


def host_readings(blocks: Blocks) -> list[HostReading]:
    """What hosts reported, a reading for each metric and host; empty blocks left out."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for block in blocks.blocks:
        for name, line in block.lines.items():
            if name.startswith("{") and isinstance(line, SampleLine) and line.count:
                times, values = found.setdefault(name, ([], []))
                times.append(block.at - blocks.started)
                values.append(line.mean)
    readings = []
    for name, (times, values) in sorted(found.items()):
        metric, _, node = name.strip("{}").partition(",")
        host = node.strip('"').rpartition("@")[2]
        readings.append(HostReading(host, metric, times, values))
    return readings
