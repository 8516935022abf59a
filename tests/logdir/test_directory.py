"""Each run has a directory of its own, and an unwritable one is said before the first user."""

import errno
import os
from datetime import datetime
from pathlib import Path

import pytest

from pytsung.errors import ExitStatus, LogDirectoryError
from pytsung.logdir.directory import create_log_directory

AT = datetime(2026, 11, 3, 8, 7, 59)


def test_the_name_is_the_minute_of_the_start(tmp_path: Path) -> None:
    """Scripts around Tsung find the newest run by this name."""
    directory = create_log_directory(tmp_path / "log" / "deep", AT)
    assert directory == tmp_path / "log" / "deep" / "20261103-0807"
    assert list(directory.iterdir()) == []


def test_runs_of_the_same_minute_are_kept_apart(tmp_path: Path) -> None:
    """Tsung mixes them in one directory, and its statistics into one file."""
    names = [create_log_directory(tmp_path, AT).name for _ in range(3)]
    assert names == ["20261103-0807", "20261103-0807-2", "20261103-0807-3"]


def test_a_place_that_cannot_hold_directories_is_refused(tmp_path: Path) -> None:
    """Where it is, what it is, and the option that chooses another place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        LogDirectoryError, match=r"file: .*: it is a file; choose another one with -l"
    ) as caught:
        create_log_directory(tmp_path / "file", AT)
    assert caught.value.exit_status is ExitStatus.NO_AGENT


def test_a_full_disk_is_found_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk still makes directories and empty files; only writing shows it."""

    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(LogDirectoryError, match="No space left on device"):
        create_log_directory(tmp_path, AT)
    assert list(tmp_path.iterdir()) == []
