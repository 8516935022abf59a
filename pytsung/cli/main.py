"""The command: a line of words to what it asks for, and its end to an exit status.

Imports little: what a command needs is loaded with it. Must not know what commands do.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence

from pytsung.cli import arguments
from pytsung.cli.arguments import fail
from pytsung.cli.commands import OF_A_PLAN, OF_A_RUN, OF_RECORDS, command_word, load
from pytsung.errors import ExitStatus, PytsungError, UsageError


def main(command_line: Sequence[str] | None = None) -> int:
    """The `pytsung` command; gives the exit status."""
    line = list(sys.argv[1:] if command_line is None else command_line)
    if line[:1] == ["serve"]:
        return serve(line[1:])
    return _ended_in_words(lambda: _run(line))


def stats_main() -> int:
    """The `pytsung-stats` command, in place of Tsung's tsung_stats.pl."""
    return _ended_in_words(lambda: int(load("tsung_stats:run")(sys.argv[1:])))


def serve(words: Sequence[str]) -> int:
    """Become the bundled server: nothing of pytsung's own is needed beside it."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytsung_server", *words])  # noqa: S606


def _run(line: list[str]) -> int:
    at = command_word(line)
    if at is not None and line[at] in OF_RECORDS:
        return _run_on_records(line[at], [*line[:at], *line[at + 1 :]])
    asked = arguments.parse(line)
    if asked.command == "serve":
        raise UsageError("serve: its options follow it; write pytsung serve --port 9505")
    if asked.command in OF_A_RUN:
        return int(load(OF_A_RUN[asked.command])(asked))
    configuration = load("check:read")(asked)
    return int(load(OF_A_PLAN[asked.command])(asked, configuration))


def _run_on_records(command: str, words: Sequence[str]) -> int:
    try:
        return int(load(OF_RECORDS[command])(words))
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.OK)


def _ended_in_words(run: Callable[[], int]) -> int:
    """The exit status of what was run; what it raises is said on stderr."""
    try:
        return run()
    except PytsungError as error:
        return fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    except Exception:  # noqa: BLE001 - the last frame: a bug is said to be one
        traceback.print_exc()
        return fail("this is a bug in pytsung; please report it", ExitStatus.INTERNAL_ERROR)
