"""What is found of a host: one line for each thing that can be too little.

Must not know how anything is found, nor how it is shown.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass

from pytsung.controller.preflight.cures import Cure


class Level(enum.IntEnum):
    """How bad it is."""

    OK = 0
    WARNING = 1  # worth knowing; the plan fits all the same, as far as anyone can tell
    RED = 2  # the plan does not fit, or nothing would come of it


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `subject` in a word or two, `words` with the figures.

    `holds` is how many users fit, where that is what it is about; 0 means that nobody
    could even start. Of several hosts where all is well the one with the least `room`
    is shown.
    """

    host: str
    subject: str
    level: Level
    words: str
    cures: tuple[Cure, ...] = ()
    holds: float = math.inf
    room: float = math.inf


def users_held(findings: Iterable[Finding]) -> float:
    """How many users a host holds: as many as the tightest of its limits lets it."""
    return min((finding.holds for finding in findings), default=math.inf)


def unreachable(host: str, reason: str) -> Finding:
    """An agent that could not be started at all."""
    return Finding(host, "agent", Level.RED, reason, holds=0)


@dataclass(frozen=True, slots=True)
class Line:
    """The same finding on one host or many."""

    hosts: tuple[str, ...]
    finding: Finding


def lines(findings: Iterable[Finding]) -> list[Line]:
    """Findings for reading: what is well in one line for all hosts, the rest by its words.

    Of what is well the tightest is shown.
    """
    groups: dict[tuple[str, object], list[Finding]] = {}
    for finding in findings:
        is_ok = finding.level is Level.OK
        kind = Level.OK if is_ok else (finding.level, finding.words, finding.cures)
        groups.setdefault((finding.subject, kind), []).append(finding)
    subjects = list(dict.fromkeys(subject for subject, _ in groups))
    return [
        Line(tuple(one.host for one in group), min(group, key=_room))
        for subject in subjects
        for (of, _), group in groups.items()
        if of == subject
    ]


def _room(finding: Finding) -> float:
    return min(finding.holds, finding.room)


def name_hosts(hosts: tuple[str, ...], most: int = 3) -> str:
    """`a`, `a and b`, or `a, b and 14 more`."""
    if len(hosts) <= most:
        return " and ".join(filter(None, (", ".join(hosts[:-1]), hosts[-1])))
    return f"{', '.join(hosts[: most - 1])} and {len(hosts) - most + 1} more"
