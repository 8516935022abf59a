"""`tsung-fullstats.log` read: every single time of connects, requests and pages.

In place of Tsung's tsung_percentile.pl, with its ranks and its output. Must not know
how such a file is written.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pytsung.errors import LogDirectoryError

NAMES = ("connect", "request", "page")
"""The statistics that such a file has single times of, in the order of the output."""

_TERM = re.compile(r"\{sample,(connect|request|page),(?:\[([^\]]*)\]|([0-9.e+-]+))\}")


def read_fullstats(path: Path) -> dict[str, array[float]]:
    """All times by name, in milliseconds. Raises LogDirectoryError if it cannot be read."""
    found: dict[str, array[float]] = {name: array("d") for name in NAMES}
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for term in _terms(file):
                for name, several, one in _TERM.findall(term):
                    found[name].extend(map(float, (several or one).split(",")))
    except (OSError, ValueError) as error:
        raise LogDirectoryError(
            f"{path}: cannot be read: {error}; name a tsung-fullstats.log"
        ) from error
    return found


def _terms(lines: Iterable[str]) -> Iterator[str]:
    """Terms, whole: a long one goes on in lines that begin with a blank."""
    term: list[str] = []
    for line in lines:
        if term and not line.startswith((" ", "\t")):
            yield "".join(term)
            term = []
        term.append(line.strip())
    yield "".join(term)


def percentile_text(path: Path, values: dict[str, array[float]], percents: Sequence[int]) -> str:
    """Tsung's output: the value of rank floor(p (n - 1) / 100), counted from 0."""
    lines = [f"Read : {path.name}"]
    for name in NAMES:
        ranked = sorted(values[name])
        lines.append(f"Read : {len(ranked)} values for sample,{name}")
        for percent in sorted(percents):
            rank = percent * (len(ranked) - 1) // 100
            value = f"{ranked[rank]:.15g}" if ranked else ""
            lines.append(f"Percentile {percent} : {value}")
    return "\n".join(lines) + "\n"
