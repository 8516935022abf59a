"""`tsung_controller@HOST.log`: what happened, in words, in the shape of Tsung's log entries.

Must not know the run. Levels are Tsung's: 0 emergency, 2 critical, 3 error,
4 warning, 5 notice, 6 info, 7 debug.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytsung.logdir.entries import EntryFile
from pytsung.logdir.erlang import format_date

_SOURCE_WIDTH = 20


class ControllerLog:
    """Appends entries up to a level. Raises LogDirectoryError when it cannot."""

    def __init__(self, directory: Path, host: str, level: int) -> None:
        self._file = EntryFile(directory / f"tsung_controller@{host}.log")
        self._level = level

    def note(self, at: float, level: int, source: str, text: str) -> None:
        """Write `text` if its level is wanted; `source` says which part of pytsung speaks.

        Tsung heads every entry `INFO REPORT` and shows a process of its own; here it
        is the controller's process id.
        """
        if level > self._level:
            return
        head = f"\n=INFO REPORT==== {format_date(at)} ===\n"
        who = f"{source:>{_SOURCE_WIDTH}}:({level}:<0.{os.getpid()}.0>)"
        self._file.write(f"{head}{who} {text}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
