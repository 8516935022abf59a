"""Hosts that die, freeze or fall silent during a run: what is said, what is counted, what is left.

The table of docs/reference/losses.md, event by event, on hosts of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.end_to_end.command import CONNECT, Command, Result, think, users, wait_for
from tests.fleet.conftest import Start
from tests.fleet.hosts import Fleet, Host
from tests.fleet.plans import plan

HOSTS = 3
USERS = 300
LOAD = users(USERS, rate=30)
"""Ten seconds of arrivals: a good part of them is still to come when something happens."""

CLEAR_AFTER = 20.0
"""Seconds after which nothing of a run may be left on any host."""


@pytest.fixture
def target(hosts: Fleet) -> Iterator[str]:
    """A server that upgrades, where the fleet can reach it."""
    with servers.serving(servers.upgrade_and_listen, host=hosts.gateway) as port:
        yield f"{hosts.gateway}:{port}"


@pytest.fixture
def text(hosts: Fleet, target: str) -> str:
    """Users on all hosts, who stay for three seconds."""
    names = [host.name for host in hosts.hosts]
    return plan(target, names, load=LOAD).replace(CONNECT, CONNECT + think(3))


@pytest.fixture
def second(hosts: Fleet) -> Iterator[Host]:
    """The host that something happens to; it is put right again."""
    host = hosts.hosts[1]
    if not host.namespace:
        pytest.skip("hosts are network namespaces only for root: no telling its processes apart")
    yield host
    for pid in host.processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    link(host, "up")
    host.stop()
    host.start()


def agent_of(host: Host) -> int:
    """Process id of the agent: of all that carry the run's mark, the one that no other started."""
    marked = [pid for pid in host.processes if run_id_of(pid)]
    (agent,) = [pid for pid in marked if parent_of(pid) not in marked and is_python(pid)]
    return agent


def run_id_of(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for word in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if word.startswith(b"PYTSUNG_RUN_ID="):
                return word.decode()
    return ""


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_python(pid: int) -> bool:
    return "python" in Path(f"/proc/{pid}/exe").resolve().name


def marked_on(hosts: Fleet) -> list[int]:
    """All processes of runs, on all hosts."""
    return [pid for host in hosts.hosts for pid in host.processes if run_id_of(pid)]


def link(host: Host, state: str) -> None:
    """Plug the host's cable in or out."""
    words = ["ip", "-n", host.namespace, "link", "set", "eth0", state]
    subprocess.run(words, check=True)


def check_lost(result: Result, host: Host, users_lost: int | None = None) -> None:
    """One agent is lost, and accounted for; the others have played their own."""
    result.check_books()
    events = [event for event in result.events if event["event"] == "agent-lost"]
    assert [event["agent"] for event in events] == [host.name]
    lost = result.summary["users"]["lost"]
    assert events[0]["users"] == lost > 0
    agents = {agent["host"]: agent for agent in result.summary["agents"]}
    assert agents.pop(host.name)["lost"] == lost
    assert [(agent["started"], agent["lost"]) for agent in agents.values()] == [(100, 0)] * 2
    assert f"agent {host.name}, " in result.reasons
    assert f"lost with {lost} users" in result.reasons
    assert "the figures cover" in result.reasons
    assert 0.5 < result.summary["coverage"] < 1


def check_nothing_left(hosts: Fleet) -> None:
    """/proc of each host has no process of the run any more."""
    ends = time.monotonic() + CLEAR_AFTER
    while marked_on(hosts):
        assert time.monotonic() < ends, [
            Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in marked_on(hosts)
        ]
        time.sleep(0.1)


def started(start: Start, text: str, *words: str, count: int = 60) -> Command:
    """A run, once so many users have come."""
    command = start("start", "--no-report", *words, text=text)
    command.wait_until_started(count)
    return command


def test_kill_of_an_agent(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """The others go on; too few users for the plan: invalid."""
    command = started(start, text)
    assert len([pid for pid in second.processes if run_id_of(pid)]) >= 3  # zygote and worker, too
    os.kill(agent_of(second), signal.SIGKILL)
    result = command.wait()
    check_lost(result, second)
    assert result.status == 3
    assert "of 300 users started" in result.reasons
    check_nothing_left(hosts)


def test_future_users_of_a_lost_agent_are_played_by_the_others(
    start: Start, hosts: Fleet, second: Host, text: str
) -> None:
    """`redistribute`: only those who were there are lost, and the plan is kept."""
    command = started(start, text, "--on-agent-loss", "redistribute")
    os.kill(agent_of(second), signal.SIGKILL)
    result = command.wait()
    result.check_books()
    users_ = result.summary["users"]
    assert users_["started"] >= USERS - 4  # at most those between its last report and its end
    assert users_["finished"] == users_["started"] - users_["lost"]
    assert users_["lost"] > 0
    assert "users started" not in result.reasons
    (event,) = [event for event in result.events if event["event"] == "redistributed"]
    assert event["to"] == [hosts.hosts[0].name, hosts.hosts[2].name]
    agents = {agent["host"]: agent for agent in result.summary["agents"]}
    assert agents.pop(second.name)["workers"] == 1
    assert [agent["workers"] for agent in agents.values()] == [2, 2]
    check_nothing_left(hosts)


def test_the_loss_of_an_agent_can_stop_the_run(
    start: Start, hosts: Fleet, second: Host, text: str
) -> None:
    """`stop`: in order, with what was measured, and invalid."""
    command = started(start, text, "--on-agent-loss", "stop")
    os.kill(agent_of(second), signal.SIGKILL)
    result = command.wait()
    result.check_books()
    assert result.status == 3
    assert f"for agent {second.name} was lost" in result.reasons
    assert result.summary["users"]["started"] < 250
    assert result.summary["users"]["open"] > 0
    check_nothing_left(hosts)


def test_kill_of_sshd(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """All of the host's, so that nobody is left to say goodbye; the agent ends by itself."""
    command = started(start, text)
    assert second.process is not None
    for pid in (*second.sessions, second.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    result = command.wait()
    check_lost(result, second)
    check_nothing_left(hosts)


def test_kill_of_the_controller(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """Nobody is left to tell the hosts; the logs can be read."""
    command = started(start, text)
    assert len(marked_on(hosts)) >= 3 * HOSTS
    command.process.kill()
    command.process.wait()
    check_nothing_left(hosts)
    (journal,) = command.log_root.glob("*/intervals.jsonl")
    assert journal.read_text().count("\n") >= 2


def freeze(host: Host, number: signal.Signals) -> None:
    """Stop or continue everything on a host."""
    for pid in host.processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def test_a_host_that_freezes_for_a_while(
    start: Start, hosts: Fleet, second: Host, text: str
) -> None:
    """Ten seconds: stalled, not lost; it comes back, late, and that is what the verdict says."""
    command = started(start, text)
    freeze(second, signal.SIGSTOP)
    time.sleep(10)
    freeze(second, signal.SIGCONT)
    result = command.wait()
    result.check_books()
    kinds = [event["event"] for event in result.events]
    assert "agent-stalled" in kinds
    assert "agent-lost" not in kinds
    assert (result.summary["users"]["finished"], result.summary["users"]["lost"]) == (USERS, 0)
    assert result.verdict in ("degraded", "invalid")
    assert f"agent {second.name}, " in result.reasons
    assert "stalled, silent for" in result.reasons
    assert "no figures from the agent" in result.reasons
    check_nothing_left(hosts)


def test_a_host_that_freezes_for_good(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """Given up after --agent-timeout; when it wakes up it finds that it is over, and goes."""
    command = started(start, text, "--agent-timeout", "8s")
    freeze(second, signal.SIGSTOP)
    result = command.wait()
    check_lost(result, second)
    assert "silent for" in result.reasons
    assert [event["event"] for event in result.events].count("agent-stalled") == 1
    freeze(second, signal.SIGCONT)
    check_nothing_left(hosts)


def test_a_channel_that_is_cut(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """No end of any stream reaches anybody: both sides go by the clock."""
    command = started(start, text, "--agent-timeout", "8s")
    link(second, "down")
    result = command.wait()
    check_lost(result, second)
    check_nothing_left(hosts)


def test_a_full_tmp(start: Start, hosts: Fleet, second: Host, text: str) -> None:
    """Nothing is written on a host, so nothing can fail to be."""
    second.stop()
    second.start("mount -t tmpfs -o size=4k none /tmp; head -c 4096 /dev/zero >/tmp/full")
    result = started(start, text).wait()
    assert result.summary["users"]["finished"] == USERS
    assert result.summary["users"]["lost"] == 0
    result.check_books()
    wait_for(lambda: not marked_on(hosts), "nothing is left on the hosts")
