"""How a block of Tsung's statistics is spelled: as text, or as JSON.

Gets figures that are spelled as Tsung spells numbers. Must not know where they come
from, nor files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pytsung.logdir.erlang import format_name, format_timestamp

_HOST = re.compile(r'\{(?P<metric>\w+),"(?:[^"@]*@)?(?P<host>[^"]*)"\}')


@dataclass(frozen=True, slots=True)
class Entry:
    """One statistic of a block.

    `figures` of a sample: count, mean, deviation, maximum, minimum, mean and count
    of the blocks before; of a counter: its amount in the block, and since the start.
    """

    name: str
    figures: Sequence[str]


class Format(Protocol):
    """A backend of Tsung's: what it writes at the start, for a block, at the end."""

    def begin(self, started: int) -> str:
        """What comes first; the test started at `started` (Unix time)."""

    def block(self, timestamp: int, entries: Sequence[Entry]) -> str:
        """A block."""

    def end(self, at: float) -> str:
        """What comes last."""


class TextFormat:
    """Tsung's text backend, the default."""

    def begin(self, started: int) -> str:  # noqa: ARG002 - text never says when a test started
        """Nothing."""
        return ""

    def block(self, timestamp: int, entries: Sequence[Entry]) -> str:
        """A header, and a line for each statistic."""
        lines = [f"stats: {format_name(one.name)} {' '.join(one.figures)}\n" for one in entries]
        return "".join([f"# stats: dump at {timestamp}\n", *lines])

    def end(self, at: float) -> str:
        """Tsung's trailer."""
        return f"EndMonitor:{format_timestamp(at)}\n"


class JsonFormat:
    """Tsung's JSON backend, blank by blank; a run that is killed leaves the document open."""

    def begin(self, started: int) -> str:
        """The document's head, and an entry without statistics: the start."""
        return f'{{\n "stats": [\n {{"timestamp": {started},  "samples": ['

    def block(self, timestamp: int, entries: Sequence[Entry]) -> str:
        """The end of the entry before, and this one without its end."""
        samples = ", ".join(map(_json_sample, entries))
        return f']}},\n {{"timestamp": {timestamp},  "samples": [   {samples}'

    def end(self, at: float) -> str:  # noqa: ARG002 - JSON has no trailer
        """The document's end."""
        return "]}]}\n"


def _json_sample(entry: Entry) -> str:
    host = _HOST.fullmatch(entry.name)
    where = f'"hostname": {json.dumps(host["host"])}, ' if host else ""
    name = json.dumps(host["metric"] if host else entry.name)
    if len(entry.figures) == 2:
        value, total = entry.figures
        name = f'"http_{entry.name}"' if entry.name.isdigit() else name
        # Tsung calls the level of `connected` `max`, too.
        word = "max" if entry.name in ("users", "connected") else "total"
        return f'{{"name": {name}, {where}"value": {value}, "{word}": {total}}}'
    count, mean, deviation, maximum, minimum, mean_before, count_before = entry.figures
    blank = "" if host else " "
    return (
        f'{{"name": {name}, {where}"value": {count}, "mean": {mean},"stddev": {deviation},'
        f'"max": {blank}{maximum},"min": {minimum} ,"global_mean": {mean_before} ,'
        f'"global_count": {count_before}}}'
    )


FORMATS: dict[str, type[TextFormat | JsonFormat]] = {
    "text": TextFormat,
    "rrdtool": TextFormat,  # never built in Tsung; it writes text
    "fullstats": TextFormat,
    "json": JsonFormat,
}
"""What `backend="…"` writes into `tsung.log`."""
