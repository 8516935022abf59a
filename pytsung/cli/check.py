"""`pytsung check`: a configuration in words, or as JSON. Nothing is sent.

Must not know how a plan is played.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pytsung.cli.arguments import Arguments
from pytsung.config import Configuration, read_configuration
from pytsung.config.marks import MarkedPlaces
from pytsung.control.encoding import Encoder
from pytsung.errors import ExitStatus, UsageError
from pytsung.plan import Request, words
from pytsung.protocols import registry
from pytsung.protocols.marks import APPROXIMATED, FIXED, OURS


def read(asked: Arguments) -> Configuration:
    """The configuration that was asked for. Raises UsageError or ConfigurationError."""
    path = Path(asked.configuration)
    source: Path | bytes = path
    if asked.configuration == "-":
        source = sys.stdin.buffer.read()
    elif path.is_dir():
        raise UsageError(f"{path}: a directory; name a configuration file with -f FILE")
    elif not path.exists():  # a pipe will do: `pytsung check <(make-configuration)`
        raise UsageError(f"{path}: no such configuration file; name one with -f FILE")
    return read_configuration(
        source,
        name="" if source == path else "tsung_stdin.xml",
        entity_directories=asked.entity_directories,
        seed=asked.seed,
        quirks=asked.quirks,
        excluded_tags=asked.excluded_tags,
        code_directories=asked.code_directories,
    )


def check(asked: Arguments, configuration: Configuration) -> int:
    """Print the plan; warnings go to stderr."""
    for warning in configuration.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    rooms = registry.installed()

    def describe(kind: str, request: Request) -> str:
        return rooms.room(kind).describe(request)

    if asked.json:
        plan = Encoder(rooms).plain(configuration.plan)
        sys.stdout.write(json.dumps(plan, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(words.describe(configuration.plan, describe) + "\n")
        if configuration.marks:
            shown = _differences(configuration.marks, verbose=asked.verbose)
            sys.stdout.write(f"\nAs in Tsung, but for (-v says why)\n{shown}")
    return int(ExitStatus.OK)


def _differences(marks: Sequence[MarkedPlaces], *, verbose: bool) -> str:
    """What of the configuration is played other than by Tsung; where and how, if asked."""
    if verbose:
        return "".join(f"  {marked}\n" for marked in marks)
    lines = []
    for kind in (FIXED, APPROXIMATED, OURS):
        marked_so = (marked.mark.name for marked in marks if marked.mark.kind == kind)
        names = dict.fromkeys(marked_so)  # two protocols may have an element of one name
        if names:
            lines.append(f"  {kind:<14}{', '.join(names)}\n")
    return "".join(lines)
