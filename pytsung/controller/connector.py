"""`-r`: agents through any program that runs a command on a host and carries its streams.

The `ssh` program, `ip netns exec`, `docker exec -i`, `kubectl exec -i`, `srun`. Must not
know what the program does.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import trio

from pytsung.controller.bootstrap import Bootstrap
from pytsung.controller.child import child_process
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.remote_python import COMMAND
from pytsung.errors import AgentError, UsageError

BRING_UP_TIME = 60.0
"""Seconds that a connector has until the agent speaks: it may have to find a place first."""


def connector_command(connector: str, host: str) -> list[str]:
    """The words that run a shell on `host`: CMD HOST sh, or as written with {host} in them.

    Raises UsageError for a connector that is no command line.
    """
    try:
        words = shlex.split(connector)
    except ValueError as error:
        raise UsageError(f"-r {connector!r}: {error}; close the quotes") from error
    if not words:
        raise UsageError("-r: it is empty; name the program that reaches a host, such as ssh")
    if "{host}" in connector:
        words = [word.replace("{host}", host) for word in words]
    else:
        words.append(host)
    return [*words, COMMAND]


class ConnectorLauncher:
    """Starts the agent of `host` through a program, given as the words to run."""

    def __init__(self, host: str, command: list[str], bootstrap: Bootstrap) -> None:
        self._host = host
        self._command = command
        self._bootstrap = bootstrap

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        """Run the program, and bring up an agent at its far end."""
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(child_process(self._command, run_id))
            except OSError as error:
                raise AgentError(
                    f"agent host {self._host}: {self._command[0]} cannot be run "
                    f"({error.strerror}); correct -r"
                ) from error
            with trio.move_on_after(BRING_UP_TIME) as patience:
                await self._bootstrap.bring_up(self._host, connection, run_id)
            if patience.cancelled_caught:
                raise AgentError(
                    f"agent host {self._host}: {shlex.join(self._command)} gave no agent within "
                    f"{BRING_UP_TIME:.0f} s; run it by hand and see what it waits for"
                )
            yield connection
