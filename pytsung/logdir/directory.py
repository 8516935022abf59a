"""Where the files of a run go: one new directory per run.

Must not know what is written there.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from pytsung.errors import LogDirectoryError

_PROBE = b"\0" * 65536  # more than a file system keeps inside an inode
_MOST_RUNS_A_MINUTE = 1000


def create_log_directory(root: Path, at: datetime) -> Path:
    """Make `root/YYYYMMDD-HHMM`, with `-2`, `-3` … where that exists, and try writing there.

    Tsung would mix two runs of the same minute in one directory. Raises
    LogDirectoryError if it cannot be made or written; then nothing is left behind.
    """
    name = f"{at:%Y%m%d-%H%M}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_RUNS_A_MINUTE):
            directory = root / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                directory.mkdir()
                _try_writing(directory)
                return directory
    except OSError as error:
        is_file = root.exists() and not root.is_dir()
        reason = "it is a file" if is_file else error.strerror or error
        raise LogDirectoryError(
            f"{root}: no log directory can be written there: {reason}; choose another one with -l"
        ) from error
    raise LogDirectoryError(f"{root}: {name} exists {number} times; remove some of them")


def _try_writing(directory: Path) -> None:
    """Write, and sync, more than a few bytes: a full disk often still takes an empty file."""
    probe = directory / ".probe"
    try:
        with probe.open("wb", buffering=0) as file:
            if file.write(_PROBE) < len(_PROBE):
                raise OSError("no space left on device")
            os.fsync(file.fileno())
    except OSError:
        probe.unlink(missing_ok=True)
        directory.rmdir()
        raise
    probe.unlink()
