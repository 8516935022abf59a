"""Bringing up the probe of a monitored host, by whatever gives a shell there.

Must not know what a probe is asked, nor how shells come about.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache, partial
from importlib.resources import files

import trio

from pytsung.controller.child import child_process
from pytsung.controller.connector import connector_command
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.remote_python import COMMAND, first_answer, last_line, python_script
from pytsung.errors import PytsungError
from pytsung.monitor.probed_host import Connect
from pytsung.monitor.source import MonitorError

PYTHONS = ("python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9")
OLDEST = (3, 6)
MARK = "pytsung-probe-1"

BRING_UP_TIME = 30.0
"""Seconds from the shell until the probe has answered."""

Shell = Callable[[], AbstractAsyncContextManager[AgentConnection]]
"""A shell on a host, as a stream. Raises PytsungError, OSError or ValueError with the reason."""


def local_shell(run_id: str) -> Shell:
    """One on this machine."""
    return partial(child_process, [COMMAND], run_id)


def connector_shell(connector: str, host: str, run_id: str) -> Shell:
    """One through the program of `-r`."""
    return partial(child_process, connector_command(connector, host), run_id)


@asynccontextmanager
async def probe(
    shell: Shell, run_id: str, pythons: Sequence[str] = PYTHONS
) -> AsyncIterator[trio.abc.Stream]:
    """A probe on the host of a shell, ready to be asked. Raises MonitorError."""
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(shell())
        except (PytsungError, OSError, ValueError) as error:
            raise MonitorError(str(error)) from error
        with trio.move_on_after(BRING_UP_TIME) as patience:
            await _bring_up(connection, run_id, pythons)
        if patience.cancelled_caught:
            raise MonitorError(
                f"it gives a shell, but no probe within {BRING_UP_TIME:.0f} s; "
                "see whether its login shell waits for input"
            )
        yield connection.stream


def probe_of(shell: Shell, run_id: str, python: str = "") -> Connect:
    """How a monitored host's probe is brought up; `python` as given by --agent-python."""
    return partial(probe, shell, run_id, [python] if python else PYTHONS)


def own_probe(run_id: str) -> Connect:
    """The probe of this machine, which certainly has a Python: this one."""
    return partial(probe, local_shell(run_id), run_id, [sys.executable, *PYTHONS])


async def _bring_up(connection: AgentConnection, run_id: str, pythons: Sequence[str]) -> None:
    script = python_script(
        _source(), [MARK], pythons=pythons, oldest=OLDEST, variables={"PYTSUNG_RUN_ID": run_id}
    )
    try:
        await connection.stream.send_all(script)
        answer = await first_answer(connection.stream, MARK)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        answer = None
    if answer is None:
        said = await last_line(connection.complaints)
        reason = f"no probe was started there ({said})" if said else "no probe was started there"
        raise MonitorError(f"{reason}; see whether a command can be run on it by hand")
    word, _, rest = answer.partition(" ")
    if word == "failed":
        raise MonitorError(_why(*rest.partition(" ")[::2]))


def _why(reason: str, detail: str) -> str:
    """What the far end complains of, with the cure."""
    if reason == "platform":
        return f'runs {detail}, and has no /proc; use type="snmp" or "munin"'
    oldest = ".".join(map(str, OLDEST))
    found = f"{detail.strip()}, too old" if detail.strip() else "there is no python3"
    return (
        f"{found}; install Python {oldest} or newer there, name it with --agent-python, "
        'or use type="snmp" or "munin"'
    )


@cache
def _source() -> str:
    return files("pytsung.monitor").joinpath("probe.py").read_text("utf-8")
