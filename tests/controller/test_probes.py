"""Bringing up probes through real shells, and what keeps one from coming up."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import trio

from pytsung.controller import probes
from pytsung.controller.child import child_process
from pytsung.controller.launcher import AgentConnection
from pytsung.controller.probes import (
    Shell,
    connector_shell,
    local_shell,
    own_probe,
    probe,
    probe_of,
)
from pytsung.errors import UsageError
from pytsung.monitor.source import MonitorError
from pytsung.ssh.errors import SshError


@pytest.fixture
def run_id() -> str:
    return uuid.uuid4().hex


def of_run(run_id: str) -> list[int]:
    """Processes that were started for a run."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"PYTSUNG_RUN_ID={run_id}".encode() in variables:
            found.append(int(place.parent.name))
    return found


def assert_nothing_left(run_id: str) -> None:
    """What was killed takes a moment to be gone."""
    ends = time.monotonic() + 5
    while of_run(run_id):
        assert time.monotonic() < ends
        time.sleep(0.02)


async def ask(stream: trio.abc.Stream) -> dict[str, object]:
    await stream.send_all(b"{}\n")
    said = b""
    while b"\n" not in said:
        data = await stream.receive_some()
        assert data
        said += bytes(data)
    answer: dict[str, object] = json.loads(said)
    return answer


def bring_up(shell: Shell, run_id: str, *pythons: str) -> dict[str, object]:
    """A probe's first answer; after that nothing of it may be left."""

    async def main() -> dict[str, object]:
        async with probe(shell, run_id, pythons or probes.PYTHONS) as stream:
            assert of_run(run_id), "it runs"
            return await ask(stream)

    try:
        return trio.run(main)
    finally:
        assert_nothing_left(run_id)


def test_this_machine_needs_nothing_but_ourselves(run_id: str) -> None:
    """The controller's own host is watched in every run."""

    async def main() -> None:
        async with own_probe(run_id)() as stream:
            assert "freemem" in await ask(stream)

    trio.run(main)
    assert_nothing_left(run_id)


def test_through_a_connector(run_id: str) -> None:
    """Whatever reaches agents reaches monitored hosts."""
    assert "cpu" in bring_up(connector_shell("env HOST={host}", "web1", run_id), run_id)


def test_a_shell_that_talks_first(run_id: str) -> None:
    """Banners, `motd`, a forgotten echo in somebody's .profile."""
    shell = partial(child_process, ["sh", "-c", "echo pytsung; printf Hello; exec sh"], run_id)
    assert "cpu" in bring_up(shell, run_id)


def test_the_first_python_that_is_new_enough(run_id: str, tmp_path: Path) -> None:
    """`python3` may be older than what stands beside it."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\ncase $* in *print*) echo 3.4.2;; *) exit 1;; esac\n")
    old.chmod(0o755)
    assert "cpu" in bring_up(local_shell(run_id), run_id, str(old), "python3")
    with pytest.raises(MonitorError, match=r"3\.4\.2, too old; install Python 3\.6"):
        bring_up(local_shell(run_id), run_id, str(old))


def test_a_host_without_python(run_id: str) -> None:
    """It can be watched in other ways, and the message says so."""
    with pytest.raises(MonitorError, match=r'there is no python3; .*type="snmp" or "munin"'):
        bring_up(local_shell(run_id), run_id, "/nonexistent/python3")


def test_the_python_of_agents_counts_for_probes(run_id: str) -> None:
    """Somebody who named one has a reason."""
    connect = probe_of(local_shell(run_id), run_id, "/nonexistent/python9")

    async def main() -> None:
        async with connect():
            pass

    with pytest.raises(MonitorError, match="name it with --agent-python"):
        trio.run(main)


def test_a_host_that_runs_no_command(run_id: str) -> None:
    """Its last words are the best hint."""
    shell = partial(child_process, ["sh", "-c", "echo 'no such container' >&2; exit 1"], run_id)
    with pytest.raises(MonitorError, match=r"no probe was started there \(no such container\)"):
        bring_up(shell, run_id)


def test_a_shell_that_never_answers(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, and with it whatever was started."""
    monkeypatch.setattr(probes, "BRING_UP_TIME", 0.3)
    monkeypatch.setattr("pytsung.controller.child.LEAVE_TIME", 0.2)
    shell = partial(child_process, ["sh", "-c", "sleep 60; true"], run_id)
    with pytest.raises(MonitorError, match="gives a shell, but no probe"):
        bring_up(shell, run_id)


def test_a_program_that_is_not_there(run_id: str) -> None:
    """A slip in `-r` is no reason to end a test for its monitored hosts."""
    with pytest.raises(MonitorError, match="No such file"):
        bring_up(connector_shell("/nonexistent/way", "web1", run_id), run_id)


@pytest.mark.parametrize(
    "error", [SshError("login refused; ssh-copy-id web1"), UsageError("x"), ValueError("y")]
)
def test_a_way_that_fails(run_id: str, error: Exception) -> None:
    """Whoever knows the way knows what is wrong with it."""

    def shell() -> AbstractAsyncContextManager[AgentConnection]:
        raise error

    with pytest.raises(MonitorError, match=str(error)):
        bring_up(shell, run_id)


def test_a_host_that_is_no_linux(run_id: str) -> None:
    """There is no /proc, and the cure is another way of asking."""
    said = f"printf '\\n{probes.MARK} failed platform darwin\\n'; cat > /dev/null"
    shell = partial(child_process, ["sh", "-c", said], run_id)
    with pytest.raises(MonitorError, match=r'runs darwin, and has no /proc; use type="snmp"'):
        bring_up(shell, run_id)


def test_nothing_is_left_when_a_run_is_cancelled(run_id: str) -> None:
    """A run ends by cancelling those who watch."""

    async def main() -> None:
        with trio.move_on_after(30) as scope:
            async with own_probe(run_id)():
                scope.cancel()
                await trio.sleep_forever()

    trio.run(main)
    assert_nothing_left(run_id)
