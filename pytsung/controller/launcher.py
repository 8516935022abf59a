"""Starting agents: each gives one byte stream, and ends when that does.

Here is the launcher for this machine: a child process over pipes. Must not know
what is said on the stream.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import trio

from pytsung.errors import AgentError

LINE_LIMIT = 4096
LEAVE_TIME = 5.0
"""Seconds that an agent has to leave after its stream was closed."""


@dataclass(slots=True)
class AgentConnection:
    """A started agent: the stream to it, and what it writes on stderr."""

    stream: trio.abc.Stream
    complaints: trio.abc.ReceiveStream


class Launcher(Protocol):
    """A way to start an agent."""

    def launch(self, run_id: str) -> AbstractAsyncContextManager[AgentConnection]:
        """Start the agent; leaving the context closes its stream and sees that it ends.

        Raises AgentError with the reason and the cure when it cannot be started.
        """
        ...


class LocalLauncher:
    """Starts the agent as a child process of this one."""

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        """Start `python -m pytsung.agent` with this very interpreter."""
        command = [sys.executable, "-m", "pytsung.agent"]
        environment = dict(os.environ, PYTSUNG_RUN_ID=run_id)
        try:
            process = await trio.lowlevel.open_process(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise AgentError(f"localhost: the agent cannot be started: {error}") from error
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        stream = trio.StapledStream(process.stdin, process.stdout)
        try:
            yield AgentConnection(stream, process.stderr)
        finally:
            with trio.CancelScope(shield=True):
                await stream.aclose()
                with trio.move_on_after(LEAVE_TIME):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                await process.stderr.aclose()
