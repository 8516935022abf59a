"""Each rule of the verdict, forced on a real run by stopping the load generator's own processes:
a rule that has never fired might never fire.

Losses and faults are forced in test_losses.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

from tests.end_to_end.command import (
    CLOSE,
    CONNECT,
    Command,
    Result,
    configuration,
    processes_of,
    think,
    users,
    wait_for,
)
from tests.end_to_end.conftest import Start
from tests.server.running import RunningServer

TWO_WORKERS = 'host="localhost" use_controller_vm="true" cpu="2"'
BURN = f'<for from="1" to="8000" var="i"><if var="i" eq="none">{CLOSE}</if></for>'
"""Steps that take some milliseconds of processor time and do nothing."""


def held(command: Command, pid: int, seconds: float) -> Result:
    """Stop one process of a run for a while, and let the run end."""
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    result = command.wait()
    result.check_books()
    return result


def test_arrivals_late_and_loop_lagging_degrade(start: Start, port: int) -> None:
    """A worker that stands still for a moment: p99 of lateness over 50 ms, of lag over 20 ms."""
    text = configuration(port, CONNECT, think(0.1), CLOSE, load=users(400, rate=100))
    command = start("start", text=text)
    command.wait_until_started(50)
    result = held(command, command.workers[0], 0.7)
    assert result.summary["users"]["finished"] == 400
    assert result.verdict in ("degraded", "invalid")
    assert "arrivals started late, p99" in result.reasons
    assert "limit 50 ms" in result.reasons
    assert "loop lag p99" in result.reasons
    # 70 of 400 users were due in the time: the p99 of the run is near 0.7 s, below the limit
    assert "the run: arrivals started late" not in result.reasons
    assert result.summary["lateness"]["max"] > 0.6


def test_arrivals_very_late_are_invalid_and_a_silent_worker_is_named(
    start: Start, port: int
) -> None:
    """p99 over the run above a second; and its intervals did not come in time."""
    text = configuration(port, CONNECT, CLOSE, load=users(300, rate=60), client=TWO_WORKERS)
    command = start("start", text=text)
    command.wait_until_started(20)
    result = held(command, command.workers[1], 4.5)
    assert result.summary["users"]["finished"] == 300
    assert result.status == 3, result.reasons
    assert result.verdict == "invalid"
    assert "the run: arrivals started late, p99" in result.reasons
    assert "no figures from worker" in result.reasons


def test_too_few_arrivals_are_invalid(start: Start, port: int) -> None:
    """A dead worker's users never start: fewer than 95 % of the plan, beyond chance."""
    load = users(400, rate=200)
    text = configuration(port, CONNECT, think(0.1), CLOSE, load=load, client=TWO_WORKERS)
    command = start("start", "--threshold", "connect: count>399", text=text)
    command.wait_until_started(10)
    os.kill(command.workers[0], signal.SIGKILL)
    result = command.wait()
    result.check_books()
    assert result.status == 3, result.reasons  # before the crossed threshold
    assert "of 400 users started" in result.reasons
    assert "limit 95%" in result.reasons


def test_a_busy_generator_is_invalid(start: Start, port: int) -> None:
    """Sessions that keep a worker's core busy: too long behind in more than a third of the run."""
    busy = f'<for from="1" to="12" var="j">{BURN}{think(0.01)}</for>'
    text = configuration(port, CONNECT, busy, load=users(20))
    result = start("start", text=text).wait()
    result.check_books()
    assert result.status == 3, result.reasons
    assert "load generator: short of processor time" in result.reasons
    assert "loop lag p99" in result.reasons
    assert result.summary["users"]["finished"] == 20


def test_a_worker_that_uses_its_whole_core_is_named(start: Start, port: int) -> None:
    """Over 90 % of a core within a second, by sessions that compute without a pause."""
    busy = f'<for from="1" to="40" var="j">{BURN}{think(0.01)}</for>'
    command = start("start", text=configuration(port, CONNECT, busy, load=users(20)))
    wait_for(lambda: command.has_agent and bool(command.workers), "the worker is there")
    with contextlib.suppress(OSError):  # on a busy machine it would get less than a core
        os.setpriority(os.PRIO_PROCESS, command.workers[0], -15)
        Path(f"/proc/{command.workers[0]}/autogroup").write_text("-15")  # sched(7)
    result = command.wait()
    result.check_books()
    assert result.verdict in ("degraded", "invalid")
    found = re.search(r"a worker used ([\d.]+)% of a core \(limit 90%\)", result.reasons)
    assert found is not None, result.reasons
    assert 90 < float(found[1]) < 110


TAMPER = """
import os, re, subprocess, sys
agent = subprocess.Popen(["sh", "-c", sys.argv[2]], stdout=subprocess.PIPE)
done = False
while data := os.read(agent.stdout.fileno(), 65536):
    found = None if done else re.search(rb'"users_finished":\\d*[1-9](?=,)', data)
    if found:  # as many bytes as before, so that the frame is still one
        at, done = found.end() - 1, True
        data = data[:at] + bytes([data[at] - 1]) + data[at + 1:]
    os.write(1, data)
"""
"""A connector that runs an agent here, and takes one finished user out of its reports."""


def test_sums_that_do_not_add_up_are_invalid(start: Start, port: int, tmp_path: Path) -> None:
    """A report that is altered on its way, by one user: the figures are worth nothing."""
    connector = tmp_path / "tamper.py"
    connector.write_text(TAMPER)
    load = users(23)  # no sum of tens: some report ends in a digit that can be lowered
    text = configuration(port, CONNECT, think(0.2), load=load, client='host="elsewhere"')
    result = start("start", "-r", f"{sys.executable} {connector}", text=text).wait()
    assert result.status == 3, result.stderr
    assert result.verdict == "invalid"
    accounts = "23 users started, but 22 finished + 0 open + 0 lost = 22"
    assert f"the run: {accounts}" in result.reasons
    assert f"agent elsewhere: {accounts}" in result.reasons


def test_a_stalled_agent_degrades(start: Start, server: RunningServer) -> None:
    """Nothing heard for five seconds is an event; an agent that comes back is none lost."""
    text = configuration(server.port, CONNECT, think(7), CLOSE)
    command = start("start", text=text)
    command.wait_until_started(20)
    result = held(command, command.agent, 6.5)
    assert result.status == 0, result.reasons
    assert result.verdict == "degraded"
    assert "stalled, silent for" in result.reasons
    assert "no figures from the agent" in result.reasons
    assert result.summary["users"]["finished"] == 20
    assert [event["event"] for event in result.events if "stalled" in event["event"]]


def test_an_agent_silent_for_too_long_is_lost(start: Start, port: int) -> None:
    """`--agent-timeout`: the run does not wait for it, and nothing of it stays behind."""
    command = start("start", "--agent-timeout", "3s", text=configuration(port, CONNECT, think(60)))
    command.wait_until_started(20)
    run_id = command.run_id
    agent = command.agent
    os.kill(agent, signal.SIGSTOP)
    try:
        result = command.wait()
    finally:
        left = processes_of(run_id)
    result.check_books()
    assert result.status == 3
    assert result.summary["users"]["lost"] == 20
    assert "silent for" in result.reasons
    assert not left
