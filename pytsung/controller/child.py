"""A program that is run here and carries a stream, and how it is seen off: an agent, or a
way to one.

Must not know what is said on the stream.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import trio

from pytsung.controller.launcher import LEAVE_TIME, AgentConnection
from pytsung.errors import AgentError


class LocalLauncher:
    """Starts the agent of this machine."""

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        """Start `python -m pytsung.agent` with this very interpreter."""
        async with AsyncExitStack() as stack:
            command = [sys.executable, "-m", "pytsung.agent"]
            try:
                connection = await stack.enter_async_context(child_process(command, run_id))
            except OSError as error:
                raise AgentError(f"localhost: the agent cannot be started: {error}") from error
            yield connection


@asynccontextmanager
async def child_process(command: Sequence[str], run_id: str) -> AsyncIterator[AgentConnection]:
    """Run a program in a session of its own.

    Leaving the context gives it end of file and a few seconds, then kills it with all its
    children. Raises OSError when it cannot be run.
    """
    process = await trio.lowlevel.open_process(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTSUNG_RUN_ID=run_id),
        start_new_session=True,
    )
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
                # The program's own children, too: `sh -c`, a ProxyCommand.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            await process.stderr.aclose()
