"""The short form, before each run: what will not fit, in a line each.

Too little is a warning: the run is worth having all the same, and a target that
refuses may be what somebody wants to see. Must not know how facts are gathered.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytsung.control.facts import HostFacts
from pytsung.control.share import AgentShare
from pytsung.controller.preflight.findings import Finding, Level, lines, name_hosts, users_held
from pytsung.controller.preflight.judgement import judge
from pytsung.controller.preflight.needs import Peaks, needs_of, peaks_of
from pytsung.errors import AgentError


def look_before(surveyed: Sequence[tuple[str, HostFacts, AgentShare]]) -> list[str]:
    """A line for everything that is red. Raises AgentError when nobody could start anywhere."""
    found: list[Finding] = []
    held = []
    peaks = peaks_of(surveyed[0][2].plan) if surveyed else Peaks(0, 0)
    for host, facts, share in surveyed:
        findings = judge(host, facts, needs_of(share, peaks))
        found += [finding for finding in findings if finding.level is Level.RED]
        held.append(users_held(findings))
    texts = [
        f"{name_hosts(line.hosts)}: {line.finding.subject}: {line.finding.words}"
        + "".join(f"; {cure.command}" for cure in line.finding.cures[:1])
        for line in lines(found)
    ]
    if held and max(held) <= 0:
        raise AgentError("no user could start:\n" + "\n".join(texts))
    return texts
