"""Other WebSocket servers: what the bundled one is measured beside.

Each is a module that can be run. It says its address on stdout, greets each client with
one message, and sends an event to everybody when a client sends it any text; messages
are as long as the bundled server's. Must not know how they are measured.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rival:
    """A server by its name; `package` is what has to be installed for it."""

    name: str
    module: str
    package: str = "bench"

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return [sys.executable, "-m", f"bench.rivals.{self.module}"]

    @property
    def is_installed(self) -> bool:
        """Whether it can be started."""
        return importlib.util.find_spec(self.package) is not None


BARE = Rival("bare epoll loop", "bare_epoll")

RIVALS = (
    Rival("websockets (asyncio)", "of_websockets", "websockets"),
    Rival("picows (C, asyncio)", "of_picows", "picows"),
    Rival("socketify (uWebSockets, C++)", "of_socketify", "socketify"),
)
