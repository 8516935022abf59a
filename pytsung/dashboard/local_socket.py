"""A running test as other processes of the same user reach it: `pytsung status`, `stop`, `watch`.

A Unix socket in a directory that nobody else can enter; its name is the controller's
id. A line of JSON asks, lines of JSON answer. Who holds the lock beside the socket is
the controller, so what a killed one left behind is in nobody's way. Must not know what
is asked or answered.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import trio

from pytsung.dashboard.beside import beside
from pytsung.errors import UsageError

DIRECTORY = "PYTSUNG_RUN_DIR"
"""The variable that names the directory of the sockets."""

LONGEST_LINE = 65536
LONGEST_SNAPSHOT = 2**24
PATIENCE = 5.0
"""Seconds for a peer to ask, and to read an answer."""

MOST_PEERS = 16

_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")

Answers = Callable[[Mapping[str, Any]], AsyncGenerator[str, None]]
"""Makes the lines that answer a question, of JSON; may go on for as long as the peer listens."""


def socket_path(name: str) -> Path:
    """Where the controller with an id listens. Raises UsageError for what is no id."""
    if name and not _ID.fullmatch(name):
        raise UsageError(
            f"-i {name}: no id of a controller; use up to 40 letters, digits, dots or dashes"
        )
    directory = os.environ.get(DIRECTORY) or f"/tmp/pytsung-{os.getuid()}"  # noqa: S108 - see _enter
    path = Path(directory) / f"controller{'_' if name else ''}{name}.sock"
    if len(os.fsencode(path)) > 100:  # a kernel's limit is 108
        raise UsageError(f"{DIRECTORY}={directory}: too long a path for a socket; shorten it")
    return path


def _enter(directory: Path) -> None:
    """See that the directory is there, ours, and closed to all others. Raises UsageError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(status.st_mode) & 0o077:
        raise UsageError(
            f"{directory}: not a directory of yours alone (mode 0700); remove it, or name"
            f" another one with {DIRECTORY}"
        )


@dataclass(slots=True)
class Claim:
    """An id that is this controller's until the process ends."""

    name: str
    path: Path
    lock: int

    def release(self) -> None:
        """Let the id go."""
        self.path.unlink(missing_ok=True)
        os.close(self.lock)


def claim(name: str) -> Claim | None:
    """Take an id; None when a controller has it. Raises UsageError when nobody can."""
    path = socket_path(name)
    try:
        _enter(path.parent)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: cannot be written: {error.strerror}; name another one with {DIRECTORY}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
            return None
        raise UsageError(f"{path}: cannot be locked: {error.strerror}") from error
    path.unlink(missing_ok=True)  # of a controller that was killed
    return Claim(name, path, lock)


@asynccontextmanager
async def answering(claimed: Claim, answers: Answers) -> AsyncIterator[None]:
    """Answer on the socket while the block runs; then peers see its end."""
    listening = trio.socket.socket(trio.socket.AF_UNIX)
    limit = trio.CapacityLimiter(MOST_PEERS)
    await listening.bind(os.fspath(claimed.path))
    claimed.path.chmod(0o600)
    listening.listen(MOST_PEERS)

    async def attend(stream: trio.SocketStream) -> None:
        gone = suppress(trio.BrokenResourceError, trio.ClosedResourceError)
        async with limit, stream:
            with gone:
                await _converse(stream, answers)

    async with beside(trio.serve_listeners, attend, [trio.SocketListener(listening)]):
        yield


async def _converse(stream: trio.SocketStream, answers: Answers) -> None:
    """Read one question, send its answers; a peer that does not read them is left."""
    with trio.move_on_after(PATIENCE) as limit:
        question = await anext(_Lines(stream, LONGEST_LINE), None)
    if limit.cancelled_caught or not isinstance(question, dict):
        return
    async with aclosing(answers(question)) as found:
        async for answer in found:
            with trio.move_on_after(PATIENCE) as limit:
                await stream.send_all(answer.encode() + b"\n")
            if limit.cancelled_caught:
                return


class _Lines:
    """The objects that come over a stream, a line each; what is no JSON ends them."""

    def __init__(self, stream: trio.abc.ReceiveStream, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._rest = b""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while b"\n" not in self._rest:
            if len(self._rest) > self._longest:
                raise StopAsyncIteration
            data = await self._stream.receive_some(LONGEST_LINE)
            if not data:
                raise StopAsyncIteration
            self._rest += bytes(data)
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            return json.loads(line)
        except ValueError:
            raise StopAsyncIteration from None


@asynccontextmanager
async def asking(name: str, question: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """The answers of the controller with an id, as they come.

    Raises FileNotFoundError or ConnectionRefusedError when there is none.
    """
    stream = await trio.open_unix_socket(os.fspath(socket_path(name)))
    async with stream:
        await stream.send_all(json.dumps(question).encode() + b"\n")
        yield _Lines(stream, LONGEST_SNAPSHOT)
