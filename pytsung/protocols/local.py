"""What a conversation may ask of the agent's own host, in place of a peer.

A room that needs no server (`ts_fs`, `ts_shell`) puts a `LocalWork` into its exchange;
whoever drives the user has it done, beside everything else that goes on, and tells
what came of it. Must not know how anything is done: here are no files and processes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Union


class FileAction(enum.Enum):
    """What can be done to files, in Tsung's words (`<fs cmd>`)."""

    READ = "read"  # all of it, from the beginning
    WRITE = "write"  # `size` bytes into a new or emptied file
    OPEN = "open"  # and keep it open: a user has one open file at most
    READ_CHUNK = "read_chunk"  # `size` bytes at `position` of the open file
    WRITE_CHUNK = "write_chunk"
    CLOSE = "close"
    DELETE = "delete"
    STAT = "stat"
    MAKE_DIR = "make_dir"
    DEL_DIR = "del_dir"
    MAKE_SYMLINK = "make_symlink"  # at `destination`, to `path`
    COPY = "copy"


class OpenMode(enum.Enum):
    """What a file is opened for."""

    READ = "read"
    WRITE = "write"  # a new file, or an emptied one
    APPEND = "append"


@dataclass(slots=True)
class FileTask:
    """One operation on the host's files. Sizes and positions are bytes."""

    action: FileAction
    path: str = ""
    destination: str = ""
    size: int = 0
    position: int = 0
    mode: OpenMode = OpenMode.READ


@dataclass(slots=True)
class CommandTask:
    """A command for the host's shell; its output is kept for those who look at it."""

    command: str
    keep_output: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of a task.

    `error` is a POSIX name in lower case, empty when all went well. `count`: bytes that
    were read, written, or printed. `output` is what a command printed, if it was to be
    kept, `status` its exit status.
    """

    error: str = ""
    count: int = 0
    output: bytes = b""
    status: int = 0


@dataclass(slots=True)
class WorkResult:
    """What a conversation makes of an outcome: Tsung's figures for it.

    `sent` and `received` are bytes; `counters` are raised by one. `answer` is what
    matches and variables look at.
    """

    sent: int = 0
    received: int = 0
    counters: tuple[str, ...] = ()
    answer: bytes = b""


Task = Union[FileTask, CommandTask]  # noqa: UP007 - read at run time, on Python 3.10 too


@dataclass(slots=True)
class LocalWork:
    """A task, and what its conversation makes of the outcome. It is done in any case."""

    task: Task
    finish: Callable[[Outcome], WorkResult]
