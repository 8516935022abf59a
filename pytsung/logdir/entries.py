"""A file to which whole entries are appended, so that it can be read at any moment.

An entry is written at once and unbuffered; one that did not fit (a full disk) is
taken back, so what was written before it stays readable. Must not know what an
entry looks like.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TextIO

from pytsung.errors import LogDirectoryError


class EntryFile:
    """Appends entries to a file. Raises LogDirectoryError when that cannot be done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("ab", buffering=0)
            self._end = path.stat().st_size
        except OSError as error:
            raise _cannot("open", path, error) from error

    def write(self, entry: str | bytes) -> None:
        """Append one entry; when this returns, the kernel has it."""
        data = entry.encode() if isinstance(entry, str) else entry
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            with contextlib.suppress(OSError):  # not every file can be cut: /dev/full, a pipe
                os.ftruncate(self._file.fileno(), self._end)
            raise _cannot("write", self.path, error) from error
        self._end += len(data)

    def close(self) -> None:
        """Close the file; nothing is waiting to be written."""
        self._file.close()


class EntryStream:
    """Writes entries to a text stream that somebody else owns: standard output, say."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, entry: str) -> None:
        """Write one entry and flush it."""
        try:
            self._stream.write(entry)
            self._stream.flush()
        except OSError as error:
            raise _cannot("write", Path(self._stream.name), error) from error

    def close(self) -> None:
        """Leave the stream to its owner."""


def _cannot(verb: str, path: Path, error: OSError) -> LogDirectoryError:
    return LogDirectoryError(
        f"{path}: cannot {verb}: {error.strerror or error};"
        " free some space there, or choose another directory with -l"
    )
