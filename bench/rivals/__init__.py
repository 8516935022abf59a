"""Other WebSocket servers: what the bundled one is measured beside.

Each is a module that can be run. It says its address on stdout, greets each client with
one message, and sends an event to everybody when a client sends it any text; messages
are as long as the bundled server's. Must not know how they are measured.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rival:
    """A server by its name; `package`, and `program` if any, have to be installed for it."""

    name: str
    module: str
    package: str = "bench"
    program: str = ""

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return [sys.executable, "-m", f"bench.rivals.{self.module}"]

    @property
    def is_installed(self) -> bool:
        """Whether it can be started."""
        if self.program and shutil.which(self.program) is None:
            return False
        return importlib.util.find_spec(self.package) is not None

    @property
    def missing(self) -> str:
        """What to install for it."""
        return self.program or self.package


BARE = Rival("bare epoll loop", "bare_epoll")
SEND_LOOP = Rival("bare send() loop in C", "send_loop", program="cc")
"""What the kernel alone takes for an event; it differs from the bare loop in nothing else."""

RIVALS = (
    Rival("websockets (asyncio)", "of_websockets", "websockets"),
    Rival("picows (C, asyncio)", "of_picows", "picows"),
    Rival("socketify (uWebSockets, C++)", "of_socketify", "socketify"),
)
