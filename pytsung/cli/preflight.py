"""`pytsung preflight`: what each host holds, what cures it where that is too little."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isinf
from typing import Any

import trio
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pytsung.cli import fleet
from pytsung.cli.arguments import Arguments
from pytsung.cli.retarget import send_to
from pytsung.config import Configuration
from pytsung.control.share import AgentShare
from pytsung.controller.preflight import cures as cures_of
from pytsung.controller.preflight.findings import (
    Finding,
    Level,
    lines,
    name_hosts,
    unreachable,
    users_held,
)
from pytsung.controller.preflight.inspection import Inspected, TuneResult, inspect, tune_all
from pytsung.controller.preflight.judgement import clock, judge
from pytsung.controller.preflight.needs import Needs, needs_of, peaks_of
from pytsung.controller.shares import AgentRole, make_shares
from pytsung.errors import ExitStatus

FILE_WIDTH = 200
TARGET = "target"
"""The subject of findings about targets."""

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.RED: "bold red"}


def preflight(asked: Arguments, configuration: Configuration) -> int:
    """Look at every host; gives the exit status: 3 where a line is red, 4 where no agent starts."""
    plan = send_to(configuration.plan, asked.server) if asked.server else configuration.plan
    roles = fleet.roles(asked, plan)
    shares = make_shares(plan, roles, plan.seed or 0)
    findings = trio.run(_look, asked, roles, shares)
    tuned: list[TuneResult] = []
    if asked.fix and _settings(findings):
        tuned = trio.run(_tune, asked, roles, cures_of.shell_script(_settings(findings)))
        findings = trio.run(_look, asked, roles, shares)
    if asked.emit:
        sys.stdout.write(_emitted(asked.emit, findings))
    elif asked.json:
        sys.stdout.write(json.dumps(_plain(findings, tuned), indent=2, ensure_ascii=False) + "\n")
    else:
        _show(findings, tuned, color=asked.color)
    return int(_status(findings))


async def _look(
    asked: Arguments, roles: Sequence[AgentRole], shares: Sequence[AgentShare]
) -> list[Finding]:
    async with fleet.open_ways(asked, roles) as ways:
        inspected = await inspect([role.host for role in roles], shares, ways.launchers(roles))
    peaks = peaks_of(shares[0].plan)
    found: list[Finding] = []
    for one, share in zip(inspected, shares, strict=True):
        found += _findings_of(one, needs_of(share, peaks))
    # With --target nobody listens yet, and somebody will.
    return [one for one in found if not (asked.target and one.subject == TARGET)]


def _findings_of(one: Inspected, needs: Needs) -> list[Finding]:
    if one.facts is None:
        return [unreachable(one.host, one.error)]
    findings = judge(one.host, one.facts, needs)
    return [*findings, clock(one.host, one.clock_offset, one.uncertainty)]


async def _tune(asked: Arguments, roles: Sequence[AgentRole], script: str) -> list[TuneResult]:
    async with fleet.open_ways(asked, roles) as ways:
        return await tune_all([role.host for role in roles], ways.launchers(roles), script)


def _settings(findings: Sequence[Finding]) -> list[cures_of.Sysctl | cures_of.Limit]:
    return cures_of.combine(cure for finding in findings for cure in finding.cures)


def _emitted(kind: str, findings: Sequence[Finding]) -> str:
    settings = _settings(findings)
    if kind == "sh":
        return cures_of.shell_script(settings)
    hosts = list(dict.fromkeys(finding.host for finding in findings))
    return cures_of.playbook(settings, hosts)


def _status(findings: Sequence[Finding]) -> ExitStatus:
    hosts = {finding.host for finding in findings}
    missing = {one.host for one in findings if one.subject == "agent" and one.level is Level.RED}
    if missing == hosts:
        return ExitStatus.NO_AGENT
    if any(finding.level is Level.RED for finding in findings):
        return ExitStatus.INVALID
    return ExitStatus.OK


# -- for people -------------------------------------------------------------------------


def _show(findings: Sequence[Finding], tuned: Sequence[TuneResult], *, color: bool) -> None:
    console = Console(no_color=None if color else True, highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "what", "host", ""):
        table.add_column(heading, overflow="fold")
    shown = lines(findings)
    for line in shown:
        level, finding = line.finding.level, line.finding
        mark = Text(level.name.lower(), style=STYLES[level])
        table.add_row(mark, finding.subject, name_hosts(line.hosts), finding.words)
    console.print(table)
    for line in shown:
        for cure in line.finding.cures:
            console.print(f"\n{line.finding.subject}, {name_hosts(line.hosts)}:", style="dim")
            console.print(f"  {cure.command}", soft_wrap=True, markup=False)
    for result in tuned:
        words = "settings applied" if not result.status else f"not applied: {result.output}"
        console.print(f"{result.host}: {words}", soft_wrap=True, markup=False)
    console.print(_sum(findings), soft_wrap=True)


def _sum(findings: Sequence[Finding]) -> str:
    """The last line: how many red ones, and where the wall is."""
    red = [finding for finding in findings if finding.level is Level.RED]
    if not red:
        return "\nready"
    held = {
        host: users_held(one for one in findings if one.host == host)
        for host in dict.fromkeys(one.host for one in findings)
    }
    hosts = {finding.host for finding in red}
    words = f"\n{len(red)} red on {name_hosts(tuple(dict.fromkeys(one.host for one in red)))}"
    least = min(hosts, key=lambda host: held[host])
    return words if isinf(held[least]) else f"{words}; {least} holds {held[least]:,.0f} users"


# -- for scripts ------------------------------------------------------------------------


def _plain(findings: Sequence[Finding], tuned: Sequence[TuneResult]) -> dict[str, Any]:
    return {
        "schema": "pytsung.preflight/1",
        "findings": [
            {
                "host": finding.host,
                "subject": finding.subject,
                "level": finding.level.name.lower(),
                "words": finding.words,
                "holds": None if isinf(finding.holds) else int(finding.holds),
                "cures": [cure.command for cure in finding.cures],
            }
            for finding in findings
        ],
        "tuned": [asdict(result) for result in tuned],
    }
