"""A log is read while it is written, and after the disk was full: its entries must be whole."""

import errno
import io
import os
from pathlib import Path

import pytest

from pytsung.errors import LogDirectoryError
from pytsung.logdir.entries import EntryFile, EntryStream


class Full(io.StringIO):
    """A stream whose reader is gone."""

    name = "<stdout>"

    def flush(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def test_an_entry_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    """What a killed process had in a buffer would be lost."""
    file = EntryFile(tmp_path / "log")
    file.write("größe\n")
    assert (tmp_path / "log").read_text() == "größe\n"
    file.close()


def test_an_entry_that_does_not_fit_is_taken_back(tmp_path: Path) -> None:
    """Half an entry would spoil the file for every reader after it."""
    file = EntryFile(tmp_path / "log")
    file.write("first\n")
    whole = file._file

    class Filling:
        """Takes half of what it is given, then nothing more."""

        def write(self, data: bytes) -> int:
            if data == b"second\n":
                return whole.write(data[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def fileno(self) -> int:
            return whole.fileno()

    file._file = Filling()  # type: ignore[assignment]  # a full disk, without filling one
    with pytest.raises(LogDirectoryError, match="log: cannot write: No space left on device; free"):
        file.write("second\n")
    assert (tmp_path / "log").read_text() == "first\n"
    file._file = whole
    file.close()


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    """`-m nowhere/tsung.log` must not end in a traceback."""
    with pytest.raises(LogDirectoryError, match="cannot open: No such file or directory"):
        EntryFile(tmp_path / "nowhere" / "tsung.log")


def test_a_stream_whose_reader_is_gone_is_said() -> None:
    """`-m - | head` closes standard output under the run."""
    with pytest.raises(LogDirectoryError, match="<stdout>: cannot write: Broken pipe"):
        EntryStream(Full()).write("# stats\n")
