"""What each command does, and which exit status comes of it."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from pytsung.cli import arguments, remote, report_commands, tsung_stats
from pytsung.cli.arguments import Arguments, fail
from pytsung.cli.preflight import preflight
from pytsung.cli.start import start
from pytsung.cli.view import view
from pytsung.cli.watch import watch
from pytsung.config import Configuration, read_configuration
from pytsung.config.marks import MarkedPlaces
from pytsung.control.encoding import Encoder
from pytsung.errors import ExitStatus, PytsungError, UsageError
from pytsung.plan import Request, words
from pytsung.protocols import registry
from pytsung.protocols.marks import APPROXIMATED, FIXED, OURS

REMOTE = {"status": remote.status, "stop": remote.stop, "view": view, "watch": watch}
"""Commands that read no configuration: they look at a run that there is."""


def main(command_line: Sequence[str] | None = None) -> int:
    """The `pytsung` command; gives the exit status."""
    line = list(sys.argv[1:] if command_line is None else command_line)
    if line[:1] == ["serve"]:
        return serve(line[1:])
    try:
        status = report_commands.run(line)
        if status is not None:
            return status
        asked = arguments.parse(line)
        if asked.command == "serve":
            raise UsageError("serve: its options follow it; write pytsung serve --port 9505")
        if asked.command in REMOTE:
            return REMOTE[asked.command](asked)
        configuration = _read(asked)
        if asked.command == "check":
            return check(asked, configuration)
        if asked.command == "preflight":
            return preflight(asked, configuration)
        return start(asked, configuration)
    except PytsungError as error:
        return fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    except Exception:  # noqa: BLE001 - the last frame: a bug is said to be one
        traceback.print_exc()
        return fail("this is a bug in pytsung; please report it", ExitStatus.INTERNAL_ERROR)


def stats_main() -> int:
    """The `pytsung-stats` command, in place of Tsung's tsung_stats.pl."""
    try:
        return tsung_stats.run(sys.argv[1:])
    except PytsungError as error:
        return fail(str(error), error.exit_status)


def serve(words: Sequence[str]) -> int:
    """Become the bundled server: nothing of pytsung's own is needed beside it."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytsung_server", *words])  # noqa: S606


def _read(asked: Arguments) -> Configuration:
    path = Path(asked.configuration)
    source: Path | bytes = path
    if asked.configuration == "-":
        source = sys.stdin.buffer.read()
    elif not path.is_file():
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
