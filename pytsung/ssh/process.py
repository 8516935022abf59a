"""A command on another host, as trio streams: what it reads and writes, and its stderr.

Must not know how the connection came about. Both directions are bounded: what is not
taken here stops the far end, what is not taken there makes `send_all` wait.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncssh
import trio

BUFFER_LIMIT = 256 * 1024
"""Bytes kept of what was received and not taken; beyond it SSH's window closes."""


class Inlet(trio.abc.ReceiveStream):
    """What arrives on one of a channel's streams; `when_taken` is told when some is taken."""

    def __init__(self, when_taken: Callable[[], None]) -> None:
        self._when_taken = when_taken
        self._data = bytearray()
        self._news = trio.Event()
        self._is_over = False
        self._is_closed = False

    @property
    def size(self) -> int:
        """Bytes that wait to be taken."""
        return len(self._data)

    def put(self, data: bytes) -> None:
        """Some has arrived; after `aclose` nobody wants it."""
        if not self._is_closed:
            self._data += data
            self._wake()

    def end(self) -> None:
        """No more will arrive."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has arrived, b"" at the end."""
        await trio.lowlevel.checkpoint()
        while not self._data:
            if self._is_closed:
                raise trio.ClosedResourceError
            if self._is_over:
                return b""
            await self._news.wait()
        size = len(self._data) if max_bytes is None else max_bytes
        data = bytes(self._data[:size])
        del self._data[:size]
        self._when_taken()
        return data

    async def aclose(self) -> None:
        """Take no more."""
        self._is_closed = True
        self._data.clear()
        self._when_taken()
        self._wake()
        await trio.lowlevel.checkpoint()


class Session(asyncssh.SSHClientSession[bytes]):
    """What asyncssh tells of a channel, as states and events that trio tasks wait for."""

    def __init__(self) -> None:
        self.output = Inlet(self._taken)
        self.errors = Inlet(self._taken)
        self.may_write = trio.Event()
        self.may_write.set()
        self.gone = trio.Event()
        self.exit_status: int | None = None
        self.channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._is_paused = False

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """The channel is open."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Some of the process's output."""
        (self.output if datatype is None else self.errors).put(data)
        if not self._is_paused and self.output.size + self.errors.size > BUFFER_LIMIT:
            self._is_paused = True
            assert self.channel is not None
            self.channel.pause_reading()

    def _taken(self) -> None:
        if self._is_paused and self.output.size + self.errors.size <= BUFFER_LIMIT // 2:
            self._is_paused = False
            assert self.channel is not None
            self.channel.resume_reading()

    def eof_received(self) -> bool:
        """The process writes no more; it may still read."""
        self.output.end()
        self.errors.end()
        return True

    def pause_writing(self) -> None:
        """The far end does not take what we send."""
        self.may_write = trio.Event()

    def resume_writing(self) -> None:
        """It does again."""
        self.may_write.set()

    def exit_status_received(self, status: int) -> None:
        """The process has ended by itself."""
        self.exit_status = status

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is the end
        """The channel is closed, or the whole connection broke."""
        self.output.end()
        self.errors.end()
        self.gone.set()
        self.may_write.set()


class RemoteProcess(trio.abc.Stream):
    """The process: its stdout and stdin as one stream, and `stderr` beside it.

    `aclose` says end of file and takes no more; the process is expected to end by that.
    """

    def __init__(self, session: Session) -> None:
        self.stderr: trio.abc.ReceiveStream = session.errors
        self._session = session
        self._is_closed = False

    @property
    def exit_status(self) -> int | None:
        """The status of a process that has ended by itself and could say so."""
        return self._session.exit_status

    @property
    def waiting(self) -> int:
        """Bytes of its output, both kinds, that were received and not taken yet."""
        return self._session.output.size + self._session.errors.size

    async def wait_gone(self) -> None:
        """Wait until the process has ended, or the connection has."""
        await self._session.gone.wait()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send it; waits while the far end does not take what was sent before."""
        await trio.lowlevel.checkpoint()
        await self.wait_send_all_might_not_block()
        if self._is_closed:
            raise trio.ClosedResourceError
        assert self._session.channel is not None
        try:
            self._session.channel.write(bytes(data))
        except BrokenPipeError as error:
            raise trio.BrokenResourceError from error
        await self.wait_send_all_might_not_block()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the far end has taken most of what was sent."""
        await self._session.may_write.wait()
        if self._session.gone.is_set():
            raise trio.BrokenResourceError("the SSH connection is gone")

    async def send_eof(self) -> None:
        """Let the process read the end of its stdin."""
        if self._session.channel is not None and not self._session.gone.is_set():
            self._session.channel.write_eof()
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What the process wrote on its stdout; b"" at the end."""
        return await self._session.output.receive_some(max_bytes)

    async def aclose(self) -> None:
        """End of file to the process; what it still writes on stdout is not taken."""
        if not self._is_closed:
            self._is_closed = True
            await self.send_eof()
        await self._session.output.aclose()
