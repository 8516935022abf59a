"""One user's files: where it is in the one that it has open, and what counts as what.

Sizes are Tsung's: a write counts as sent, a read as received, a chunk in full even
where the file ends before. Must not know files: it names tasks.
"""

from __future__ import annotations

from functools import partial

from pytsung.plan import Request
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.local import FileAction, FileTask, LocalWork, Outcome, WorkResult
from pytsung.protocols.room import MORE, Exchange, Feedback, RequestContext, RequestError

BAD_SIZE = "error_fs_size"
"""Counted where a variable gives no size; the user ends."""

ERRORS = {
    FileAction.READ: "error_fs_read",
    FileAction.WRITE: "error_fs_write",
    FileAction.OPEN: "error_fs_open",
    FileAction.READ_CHUNK: "error_fs_pread",
    FileAction.WRITE_CHUNK: "error_fs_pwrite",
    FileAction.CLOSE: "error_fs_close",
    FileAction.DELETE: "error_fs_delete",
    FileAction.STAT: "error_fs_stat",
    FileAction.MAKE_DIR: "error_fs_mkdir",
    FileAction.DEL_DIR: "error_fs_del_dir",
    FileAction.MAKE_SYMLINK: "error_fs_mksymlink",
    FileAction.COPY: "error_fs_copy",
}
"""What a failed operation counts as; the session goes on."""

MAY_EXIST = (FileAction.MAKE_DIR, FileAction.MAKE_SYMLINK)
"""What is no failure when it is there already."""

_CHUNKS = (FileAction.READ_CHUNK, FileAction.WRITE_CHUNK)
_WRITES = (FileAction.WRITE, FileAction.WRITE_CHUNK)


class FileConversation:
    """Knows the position in the open file."""

    __slots__ = ("_position",)

    def __init__(self) -> None:
        self._position = 0

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """The task of a request.

        Raises:
            RequestError: the size is none.
        """
        if not isinstance(request, FileRequest):
            raise TypeError(f"not a request of ts_fs: {request!r}")
        size = _size(context.fill(request.size))
        position = self._position if request.position is None else request.position
        task = FileTask(
            request.action,
            context.fill(request.path),
            context.fill(request.destination),
            size,
            position if request.action in _CHUNKS else 0,
            request.mode,
        )
        return Exchange(b"", work=LocalWork(task, partial(self._finish, task)))

    def _finish(self, task: FileTask, outcome: Outcome) -> WorkResult:
        if outcome.error and not (outcome.error == "eexist" and task.action in MAY_EXIST):
            return WorkResult(counters=(ERRORS[task.action],))
        self._move(task, outcome.count)
        if task.action in _WRITES:
            return WorkResult(sent=task.size)
        if task.action is FileAction.READ_CHUNK:
            return WorkResult(received=task.size)
        return WorkResult(received=outcome.count if task.action is FileAction.READ else 0)

    def _move(self, task: FileTask, count: int) -> None:
        """Go on to the next chunk; at the end of the file, back to its beginning."""
        if task.action in _CHUNKS:
            is_at_end = task.action is FileAction.READ_CHUNK and not count and task.size
            self._position = 0 if is_at_end else task.position + task.size
        elif task.action in (FileAction.OPEN, FileAction.CLOSE):
            self._position = 0

    def feed(self, data: bytes) -> Feedback:  # noqa: ARG002 - nobody is connected
        """Nothing comes from nobody."""
        return MORE

    def peer_closed(self) -> Feedback:
        """Nobody can close."""
        return MORE

    def disconnected(self) -> None:
        """The file is closed with everything else."""
        self._position = 0


def _size(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RequestError(BAD_SIZE)
    return int(text)
