"""Commands that cure what preflight finds, and the script and the playbook made of them.

Must not know what was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SYSCTL_FILE = "/etc/sysctl.d/90-pytsung.conf"
LIMITS_FILE = "/etc/security/limits.d/90-pytsung.conf"


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A kernel setting; `words` are whole numbers."""

    name: str
    words: tuple[int, ...]

    @property
    def value(self) -> str:
        """As sysctl wants it."""
        return " ".join(map(str, self.words))

    @property
    def command(self) -> str:
        """What a person types."""
        return f'sudo sysctl -w {self.name}="{self.value}"'


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of every login: `nofile`, files that a process may have open."""

    item: str
    number: int

    @property
    def command(self) -> str:
        """What a person types; it counts from the next login on."""
        return (
            f"echo '* hard {self.item} {self.number}' | sudo tee -a {LIMITS_FILE}"
            "  # and log in again"
        )


@dataclass(frozen=True, slots=True)
class ByHand:
    """What no script can decide."""

    command: str


Cure = Sysctl | Limit | ByHand


def combine(cures: Iterable[Cure]) -> list[Sysctl | Limit]:
    """One cure for each setting, with the largest of the numbers that hosts need.

    Two words are a range: its lowest and its highest number.
    """
    settings: dict[str, Sysctl] = {}
    limits: dict[str, Limit] = {}
    for cure in cures:
        if isinstance(cure, Limit):
            known_limit = limits.setdefault(cure.item, cure)
            limits[cure.item] = max(known_limit, cure, key=lambda one: one.number)
        elif isinstance(cure, Sysctl):
            known = settings.setdefault(cure.name, cure)
            settings[cure.name] = Sysctl(cure.name, _wider(known.words, cure.words))
    # What a login may have is bounded by fs.nr_open, so the kernel's settings go first.
    return [*settings.values(), *limits.values()]


def _wider(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    if len(one) == 2:
        return min(one[0], other[0]), max(one[1], other[1])
    return tuple(map(max, one, other))


def shell_script(cures: Iterable[Sysctl | Limit]) -> str:
    """A script for root that sets all of it, now and for good; it may be run again."""
    settings, limits = _files(cures)
    parts = [
        "#!/bin/sh",
        "# Written by `pytsung preflight --emit sh`. Run it as root on each agent host.",
        "set -eu",
    ]
    if settings:
        parts += [_here_document(SYSCTL_FILE, settings), f"sysctl -q -p {SYSCTL_FILE}"]
    if limits:
        parts += [f"mkdir -p {LIMITS_FILE.rpartition('/')[0]}"]
        parts += [_here_document(LIMITS_FILE, limits)]
        parts += ["# The limits count from the next login on."]
    if not settings and not limits:
        parts.append("# There is nothing to do.")
    return "\n".join(parts) + "\n"


def _here_document(path: str, lines: Sequence[str]) -> str:
    return "\n".join([f"cat >{path} <<'END'", *lines, "END"])


def playbook(cures: Iterable[Sysctl | Limit], hosts: Sequence[str]) -> str:
    """A playbook of Ansible's own modules that sets the same on these hosts of an inventory."""
    settings, limits = _files(cures)
    lines = [
        "# Written by `pytsung preflight --emit ansible`.",
        "- name: Make load generator hosts ready",
        f"  hosts: {json.dumps(hosts)}",
        "  become: true",
        "  gather_facts: false",
        "  tasks:",
    ]
    for title, path, content in (
        ("Kernel settings", SYSCTL_FILE, settings),
        ("Limits of logins", LIMITS_FILE, limits),
    ):
        if content:
            lines += _copy_task(title, path, content)
    if settings:
        lines += [
            "    - name: Apply the kernel settings",
            "      ansible.builtin.command:",
            f"        argv: [sysctl, -q, -p, {SYSCTL_FILE}]",
            "      changed_when: false",
        ]
    if not settings and not limits:
        lines[-1] = "  tasks: []"
    return "---\n" + "\n".join(lines) + "\n"


def _copy_task(title: str, path: str, content: Sequence[str]) -> list[str]:
    return [
        f"    - name: {title}",
        "      ansible.builtin.copy:",
        f"        dest: {path}",
        '        mode: "0644"',
        "        content: |",
        *(f"          {line}" for line in content),
    ]


def _files(cures: Iterable[Sysctl | Limit]) -> tuple[list[str], list[str]]:
    """The lines of the two files."""
    settings, limits = [], []
    for cure in cures:
        if isinstance(cure, Sysctl):
            settings.append(f"{cure.name} = {cure.value}")
        else:  # * does not stand for root (limits.conf(5))
            limits += [
                f"{who} {kind} {cure.item} {cure.number}"
                for who in ("*", "root")
                for kind in ("soft", "hard")
            ]
    return settings, limits
