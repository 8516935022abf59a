"""Agents and shells on other hosts, through SSH. Must not know what is said to them then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from pytsung.controller.bootstrap import Bootstrap
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.remote_python import COMMAND
from pytsung.errors import AgentError
from pytsung.ssh import SshAddress, SshClient, SshError

BRING_UP_TIME = 60.0
"""Seconds from the login until the agent's Python has answered."""


class SshLauncher:
    """Starts the agent of one host: a shell by SSH that becomes it."""

    def __init__(self, host: str, client: SshClient, bootstrap: Bootstrap) -> None:
        self._host = host
        self._client = client
        self._bootstrap = bootstrap

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        """Log in and bring up an agent; it ends with the connection."""
        try:
            async with self._client.process(SshAddress.parse(self._host), COMMAND) as process:
                connection = AgentConnection(process, process.stderr)
                with trio.move_on_after(BRING_UP_TIME) as patience:
                    await self._bootstrap.bring_up(self._host, connection, run_id)
                if patience.cancelled_caught:
                    raise AgentError(
                        f"agent host {self._host}: it accepts a login, but started no agent "
                        f"within {BRING_UP_TIME:.0f} s; see whether its login shell waits for input"
                    )
                yield connection
        except SshError as error:
            raise AgentError(f"agent host {self._host}: {error}") from error


@asynccontextmanager
async def ssh_shell(host: str, client: SshClient) -> AsyncIterator[AgentConnection]:
    """A shell on a host; it ends with the connection. Raises SshError."""
    async with client.process(SshAddress.parse(host), COMMAND) as process:
        yield AgentConnection(process, process.stderr)
