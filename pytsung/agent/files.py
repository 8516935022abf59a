"""Operations on files of this host, one at a time for each user (`ts_fs`).

All of them block, so they are called in threads. Errors are POSIX names in an outcome,
never exceptions. Must not know users.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping

from pytsung.agent.dialer import error_name
from pytsung.protocols.local import FileAction, FileTask, OpenMode, Outcome

PATTERN = b"qxvmvtglimieyhemzlxc"
"""What Tsung writes, over and over; a remainder is the end of it."""

PIECE = len(PATTERN) * 50_000
"""Bytes read or written with one system call."""

_FLAGS = {
    OpenMode.READ: os.O_RDONLY,
    OpenMode.WRITE: os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    OpenMode.APPEND: os.O_RDWR | os.O_CREAT | os.O_APPEND,
}


class Desk:
    """The one file that a user has open. `is_over`: the user is gone, close it."""

    __slots__ = ("descriptor", "is_busy", "is_over")

    def __init__(self) -> None:
        self.descriptor: int | None = None
        self.is_busy = False
        self.is_over = False

    def close(self) -> None:
        """Close the file, if one is open. Raises OSError, and has closed it all the same."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def do_file_task(task: FileTask, desk: Desk) -> Outcome:
    """Do it, and say how many bytes were read or written."""
    try:
        return Outcome(count=_TASKS[task.action](task, desk))
    except (shutil.SameFileError, shutil.SpecialFileError, ValueError):  # or a zero byte in a path
        return Outcome("einval")
    except OSError as error:
        return Outcome(error_name(error))


def _read(task: FileTask, desk: Desk) -> int:
    descriptor = os.open(task.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        count = 0
        while piece := os.read(descriptor, PIECE):
            count += len(piece)
        return count
    finally:
        os.close(descriptor)


def _write(task: FileTask, desk: Desk) -> int:
    descriptor = os.open(task.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        return _write_all(descriptor, task.size, 0)
    finally:
        os.close(descriptor)


def _open(task: FileTask, desk: Desk) -> int:
    desk.close()
    desk.descriptor = os.open(task.path, _FLAGS[task.mode] | os.O_CLOEXEC, 0o666)
    return 0


def _close(task: FileTask, desk: Desk) -> int:
    _open_file(desk)
    desk.close()
    return 0


def _read_chunk(task: FileTask, desk: Desk) -> int:
    descriptor = _open_file(desk)
    count = 0
    while count < task.size:
        piece = os.pread(descriptor, min(PIECE, task.size - count), task.position + count)
        if not piece:
            break
        count += len(piece)
    return count


def _write_chunk(task: FileTask, desk: Desk) -> int:
    return _write_all(_open_file(desk), task.size, task.position)


def _delete(task: FileTask, desk: Desk) -> int:
    os.unlink(task.path)
    return 0


def _stat(task: FileTask, desk: Desk) -> int:
    os.stat(task.path)
    return 0


def _make_directory(task: FileTask, desk: Desk) -> int:
    os.mkdir(task.path)
    return 0


def _remove_directory(task: FileTask, desk: Desk) -> int:
    os.rmdir(task.path)
    return 0


def _make_link(task: FileTask, desk: Desk) -> int:
    os.symlink(task.path, task.destination)
    return 0


def _copy(task: FileTask, desk: Desk) -> int:
    shutil.copyfile(task.path, task.destination)
    return 0


_TASKS: Mapping[FileAction, Callable[[FileTask, Desk], int]] = {
    FileAction.READ: _read,
    FileAction.WRITE: _write,
    FileAction.OPEN: _open,
    FileAction.READ_CHUNK: _read_chunk,
    FileAction.WRITE_CHUNK: _write_chunk,
    FileAction.CLOSE: _close,
    FileAction.DELETE: _delete,
    FileAction.STAT: _stat,
    FileAction.MAKE_DIR: _make_directory,
    FileAction.DEL_DIR: _remove_directory,
    FileAction.MAKE_SYMLINK: _make_link,
    FileAction.COPY: _copy,
}


def _open_file(desk: Desk) -> int:
    if desk.descriptor is None:
        raise OSError(errno.EBADF, "no file is open")
    return desk.descriptor


def _write_all(descriptor: int, size: int, position: int) -> int:
    for piece in _pieces(size):
        view = memoryview(piece)
        while view:
            written = os.pwrite(descriptor, view, position)
            view = view[written:]
            position += written
    return size


def _pieces(size: int) -> Iterator[bytes]:
    """So many bytes, as Tsung writes them, in pieces that memory holds."""
    whole, rest = divmod(size, PIECE)
    if whole:
        piece = PATTERN * (PIECE // len(PATTERN))
        for _ in range(whole):
            yield piece
    copies, remainder = divmod(rest, len(PATTERN))
    yield PATTERN * copies + (PATTERN[-remainder:] if remainder else b"")
