"""A killed worker, agent or controller is an accounted event, and leaves nothing behind."""

from __future__ import annotations

import os
import signal

from tests.end_to_end.command import (
    CLOSE,
    CONNECT,
    configuration,
    processes_of,
    think,
    users,
    wait_for,
)
from tests.end_to_end.conftest import Start
from tests.server.running import RunningServer

TWO_WORKERS = 'host="localhost" use_controller_vm="true" cpu="2"'


def test_kill_of_a_worker(start: Start, port: int) -> None:
    """The others go on, its users are lost, and the verdict says of what."""
    text = configuration(
        port, CONNECT, think(3), CLOSE, load=users(60, rate=30), client=TWO_WORKERS
    )
    command = start("start", text=text)
    command.wait_until_started(20)
    os.kill(command.workers[0], signal.SIGKILL)
    result = command.wait()
    result.check_books()
    users_ = result.summary["users"]
    assert users_["lost"] > 0
    assert users_["finished"] >= 30 - 4  # all of the other's
    assert users_["open"] == 0
    assert result.verdict in ("degraded", "invalid")
    assert (result.status == 3) == (result.verdict == "invalid")
    assert "killed by SIGKILL" in result.reasons
    (event,) = [event for event in result.events if event["event"] == "worker-lost"]
    assert event["users"] == users_["lost"]
    assert result.summary["agents"][0]["lost"] == users_["lost"]


def test_future_users_of_a_lost_worker_are_played_by_another(start: Start, port: int) -> None:
    """`redistribute`: only those who were there are lost, and the plan is kept."""
    text = configuration(
        port, CONNECT, think(3), CLOSE, load=users(90, rate=30), client=TWO_WORKERS
    )
    command = start("start", "--on-agent-loss", "redistribute", text=text)
    command.wait_until_started(20)
    os.kill(command.workers[0], signal.SIGKILL)
    result = command.wait()
    result.check_books()
    users_ = result.summary["users"]
    assert users_["lost"] > 0
    assert users_["started"] >= 90 - 4  # at most those between its last report and its end
    assert users_["finished"] == users_["started"] - users_["lost"]
    (event,) = [event for event in result.events if event["event"] == "redistributed"]
    assert (event["agent"], event["to"]) == ("localhost", ["localhost"])


def test_kill_of_the_agent(start: Start, server: RunningServer) -> None:
    """The only agent is gone, so the run ends at once; what was measured stays readable."""
    command = start("start", text=configuration(server.port, CONNECT, think(30), CLOSE))
    command.wait_until_started(20)
    run_id = command.run_id
    os.kill(command.agent, signal.SIGKILL)
    result = command.wait()
    assert result.status == 3, result.stderr
    result.check_books()
    users_ = result.summary["users"]
    assert users_["started"] == users_["lost"] == 20
    assert result.verdict == "invalid"
    assert "lost" in result.reasons
    assert [event["users"] for event in result.events if event["event"] == "agent-lost"] == [20]
    wait_for(lambda: not processes_of(run_id), "no process of the run is left")


def test_kill_of_the_controller(start: Start) -> None:
    """Agent, zygote, workers and the bundled target end by themselves; the logs can be read."""
    from tests.end_to_end.test_a_run import free_port

    text = configuration(free_port(), CONNECT, think(30), CLOSE, client=TWO_WORKERS)
    command = start("start", "--target", text=text)
    command.wait_until_started(20)
    run_id = command.run_id
    running = processes_of(run_id)
    assert len(running) >= 4 + 2, running  # agent, zygote, workers; the server's own
    command.process.kill()
    assert command.process.wait() == -signal.SIGKILL
    wait_for(lambda: not processes_of(run_id), "no process of the run is left")
    (journal,) = command.log_root.glob("*/intervals.jsonl")
    assert journal.read_text().count("\n") >= 1
