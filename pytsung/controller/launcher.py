"""Starting agents: each gives one byte stream, and ends when that does.

Must not know any way to start one, nor what is said on the stream.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import trio

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
