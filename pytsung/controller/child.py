"""A program that is run here and carries a stream, and how it is seen off.

Must not know what is said on the stream.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from pytsung.controller.launcher import LEAVE_TIME, AgentConnection


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
