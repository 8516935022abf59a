"""From a shell on a host to an agent there: what both say until the agent speaks for itself.

All that is asked of a host is `sh` on a byte stream, and a Python. The shell gets a
few lines on its stdin that look for a Python new enough and become it; that one fetches
the agent (`far_end`). Must not know what carries the stream.

Nothing follows those lines until the far end has answered: shells read ahead.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import trio

from pytsung.controller.bundle import Bundle
from pytsung.controller.launcher import AgentConnection
from pytsung.errors import AgentError

COMMAND = "sh"
"""What is run on a host. One word without a special character in it: every way to run
something there, and every login shell, takes it as it is."""

PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3")
OLDEST = (3, 10)
MARK = "pytsung-far-end-1"

PREAMBLE_LIMIT = 256 * 1024
"""Bytes that a login shell may say (banners, `motd`) before the far end speaks."""

LAST_WORDS = 1.0
"""Seconds to wait for what a host that failed still has to say on stderr."""

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
        lines = ["{"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        candidates = [self.python] if self.python else PYTHONS
        oldest = ", ".join(map(str, OLDEST))
        arguments = shlex.join([MARK, self.bundle.digest, self.cache])
        lines += [
            f"far_end={shlex.quote(_far_end())}",
            "found=",
            f"for python in {shlex.join(candidates)}; do",
            # Unquoted, so that --agent-python may have several words.
            f"  if $python -I -S -c 'import sys; sys.exit(sys.version_info < ({oldest}))' \\",
            "    </dev/null >/dev/null 2>&1",
            f'  then exec $python -I -S -c "$far_end" {arguments}; fi',
            "  version=$($python -c 'import sys; print(sys.version.split()[0])' \\",
            '    </dev/null 2>/dev/null) && found="$found $python is $version"',
            "done",
            f'printf "\\n%s failed python %s\\n" {MARK} "$found"',
            "exit 1",
            "}\n",
        ]
        return "\n".join(lines).encode()

    async def bring_up(self, host: str, connection: AgentConnection, run_id: str) -> None:
        """Turn the shell at the far end into an agent. Raises AgentError with the cure."""
        try:
            await connection.stream.send_all(self.script(run_id))
            answer = await _answer(connection.stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            answer = None
        if answer is None:
            said = await _last_line(connection.complaints)
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


async def _answer(stream: trio.abc.ReceiveStream) -> str | None:
    """What follows the mark on its line; None where the stream ends without one."""
    said = b""
    mark = f"\n{MARK} ".encode()
    while len(said) < PREAMBLE_LIMIT:
        data = await stream.receive_some()
        if not data:
            return None
        said += bytes(data)
        _, found, rest = said.partition(mark)
        line, ends, _ = rest.partition(b"\n")
        if found and ends:
            return line.decode("utf-8", "replace").strip()
    return None


async def _last_line(complaints: trio.abc.ReceiveStream) -> str:
    """The last line that was said on stderr, as far as it comes soon."""
    said = b""
    with trio.move_on_after(LAST_WORDS):
        async for data in complaints:
            said = (said + bytes(data))[-4096:]
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
