"""From a shell on a host to an agent there: what both say until the agent speaks for itself.

The shell looks for a Python new enough and becomes it (`remote_python`); that one fetches
the agent (`far_end`). Must not know what carries the stream.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import trio

from pytsung.controller.bundle import Bundle
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.remote_python import first_answer, last_line, python_script
from pytsung.errors import AgentError

PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3")
OLDEST = (3, 10)
MARK = "pytsung-far-end-1"

TOLD = ("PYTSUNG_LOOPBACK_ONLY", "PYTSUNG_TEST_NETWORKS")
"""Variables that an agent inherits from the controller, as one on this machine does."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How agents are brought up: `python` as given by --agent-python, `cache` by --cache."""

    bundle: Bundle
    python: str = ""
    cache: str = ""

    def script(self, run_id: str, environment: Mapping[str, str] = os.environ) -> bytes:
        """The lines for the shell: one group, all of it read before any of it is run."""
        told = {name: environment[name] for name in TOLD if name in environment}
        variables = {**told, "PYTSUNG_RUN_ID": run_id}
        return python_script(
            _far_end(),
            [MARK, self.bundle.digest, self.cache],
            pythons=[self.python] if self.python else PYTHONS,
            oldest=OLDEST,
            variables=variables,
        )

    async def bring_up(self, host: str, connection: AgentConnection, run_id: str) -> None:
        """Turn the shell at the far end into an agent. Raises AgentError with the cure."""
        try:
            await connection.stream.send_all(self.script(run_id))
            answer = await first_answer(connection.stream, MARK)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            answer = None
        if answer is None:
            said = await last_line(connection.complaints)
            reason = (
                f"no agent was started there ({said})" if said else "no agent was started there"
            )
            raise AgentError(
                f"agent host {host}: {reason}; see whether a command can be run on it by hand"
            )
        word, _, rest = answer.partition(" ")
        if word == "failed":
            raise AgentError(f"agent host {host}: {self._why(*rest.partition(' ')[::2])}")
        archive = b"" if rest.endswith(" 1") else self.bundle.archive
        await connection.stream.send_all(len(archive).to_bytes(8, "big") + archive)

    def _why(self, reason: str, detail: str) -> str:
        """What the far end complains of, with the cure."""
        oldest = ".".join(map(str, OLDEST))
        if reason == "platform":
            return f"runs {detail}, agents need Linux; run them in a Linux container there"
        if reason == "module":
            return (
                f"its Python is not complete ({detail}); "
                "install all of it (Debian: python3, not python3-minimal), or use --agent-python"
            )
        cure = f"install Python {oldest} or newer there, or name it with --agent-python"
        if detail.strip():
            return f"{detail.strip()}, too old; {cure}"
        if self.python:
            return f"{self.python} cannot be run; correct --agent-python"
        return f"there is no python3; {cure}"


@cache
def _far_end() -> str:
    return files("pytsung.controller").joinpath("far_end.py").read_text("utf-8")
