"""`--on-agent-loss`: what the survivors are told, and what the result says of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
import trio

from pytsung.control.messages import Adopt, Finished, Report, Stop, WorkerLost
from pytsung.controller.aftermath import OnAgentLoss
from pytsung.controller.outcome import Ending, RunOptions, RunResult
from pytsung.controller.run import Run
from pytsung.controller.shares import AgentRole
from pytsung.plan import AgentHost, ArrivalPhase, Endpoint, Load, Plan, Session, Target
from pytsung.stats import Interval
from tests.controller.scripted import LIMIT, Agent, FakeLauncher, Notebook, Script, second

USERS = 3000
"""At 100 a second: 30 s, so that nearly all are still to come when an agent is lost."""


def play(scripts: Mapping[str, Script], policy: OnAgentLoss) -> tuple[RunResult, Notebook]:
    """A run with one agent per script, and very many users."""
    hosts = tuple(AgentHost(name) for name in scripts)
    load = Load((ArrivalPhase(1, 60.0, 100.0, USERS, (1.0,)),))
    target = Target(Endpoint("127.0.0.1", 7))
    plan = Plan("t.xml", hosts, (target,), load, (Session("s", "ts_websocket", ()),))
    roles = [AgentRole(host.name, (host,), 1) for host in hosts]
    launchers = [FakeLauncher(script) for script in scripts.values()]
    options = RunOptions(seed=1, warm_up=0.0, grace=0.0, on_agent_loss=policy)
    notebook = Notebook()

    async def main() -> RunResult:
        with trio.fail_after(LIMIT):
            return await Run(plan, options, notebook).play(roles, launchers)

    return trio.run(main), notebook


async def dies(agent: Agent) -> None:
    """Starts four users and is gone."""
    await agent.stand_by()
    await agent.say(second(0, 4, 0, 4))


def test_future_users_of_a_lost_agent_go_to_the_others() -> None:
    """In equal parts, by a message; nothing changes for the users that they have."""
    heard: dict[str, Adopt] = {}

    def survivor(name: str) -> Script:
        async def script(agent: Agent) -> None:
            await agent.stand_by()
            heard[name] = await agent.hear(Adopt)
            await agent.say(second(0, 5, 5, 0), Finished(at=0.9))

        return script

    scripts = {"dies": dies, "a": survivor("a"), "b": survivor("b")}
    result, notebook = play(scripts, OnAgentLoss.REDISTRIBUTE)
    assert sorted(heard) == ["a", "b"]
    parts = [one.share for one in heard.values()]
    assert all(part.dealt is not None and part.dealt.cycle == 2 for part in parts)
    left = sum(part.dealt.count(USERS // 3) for part in parts if part.dealt)
    assert left == USERS // 3
    assert ("redistributed", {"agent": "dies", "to": ["a", "b"]}) in notebook.events
    assert [len(link.share.workers) for link in result.agents] == [1, 2, 2]
    assert (result.totals.users_lost, result.totals.users_finished) == (4, 10)
    assert result.not_started == USERS - 14


def test_a_second_loss_deals_out_what_the_first_had_left() -> None:
    """The last one standing has a part of everybody's."""
    came: list[Adopt] = []

    async def dies_later(agent: Agent) -> None:
        await agent.stand_by()
        await agent.hear(Adopt)

    async def lives(agent: Agent) -> None:
        await agent.stand_by()
        came.extend([await agent.hear(Adopt) for _ in range(3)])
        await agent.say(second(0, 5, 5, 0), Finished(at=0.9))

    scripts = {"dies": dies, "later": dies_later, "lives": lives}
    play(scripts, OnAgentLoss.REDISTRIBUTE)
    cycles = [one.share.dealt.cycle for one in came if one.share.dealt]
    assert sorted(cycles) == [1, 2, 2]  # all of `later`'s own; half of `dies`' from either


def test_the_loss_of_one_can_be_the_end_of_all() -> None:
    """Where a partial result is worth nothing: stopped in order, and invalid."""

    async def lives(agent: Agent) -> None:
        await agent.stand_by()
        await agent.hear(Stop)
        await agent.say(second(0, 5, 0, 5), Finished(at=0.4, users_open=5))

    result, notebook = play({"dies": dies, "lives": lives}, OnAgentLoss.STOP)
    assert result.ending is Ending.FAULT
    assert result.verdict.status == "invalid"
    assert "stopped at 0 s, for agent dies was lost" in result.verdict.reasons[0]
    assert result.totals.users_open == 5
    assert notebook.kinds().count("stop") == 1


def test_the_others_just_go_on() -> None:
    """The default: nobody is told anything; what is missing is said."""

    async def lives(agent: Agent) -> None:
        await agent.stand_by()
        for index in range(2):
            await agent.say(Report(Interval(index, users_started=5, users_finished=5)))
        await trio.sleep(2.1)
        await agent.say(Finished(at=2.0))

    result, notebook = play({"dies": dies, "lives": lives}, OnAgentLoss.CONTINUE)
    assert "redistributed" not in notebook.kinds()
    assert 0.4 < result.coverage < 0.8  # all of one agent's seconds, hardly any of the other's
    assert "the figures cover" in "\n".join(result.verdict.reasons)


LOST = WorkerLost(0, 0.5, 4, "killed by SIGKILL", share=0)
LOST_USERS = Report(Interval(0, users_started=4, users_lost=4))


async def adoption(agent: Agent) -> Adopt | None:
    """What it is to adopt, if that comes within a moment."""
    with trio.move_on_after(1):
        return await agent.hear(Adopt)
    return None


def play_with_a_lost_worker(
    lost: WorkerLost, policy: OnAgentLoss
) -> tuple[dict[str, Adopt | None], RunResult, Notebook]:
    """Agent `a` loses a worker, `b` does not; gives what each is to adopt, too."""
    heard: dict[str, Adopt | None] = {"a": None}

    async def loses(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(LOST_USERS, lost)
        if lost.others:
            heard["a"] = await adoption(agent)
        await agent.say(Finished(at=0.9))

    async def goes_on(agent: Agent) -> None:
        await agent.stand_by()
        heard["b"] = await adoption(agent)
        await agent.say(second(0, 5, 5, 0), Finished(at=0.9))

    return heard, *play({"a": loses, "b": goes_on}, policy)


@pytest.mark.parametrize("others", [True, False])
def test_future_users_of_a_lost_worker_go_to_all_who_can_play_them(others: bool) -> None:
    """Its own agent among them, unless it has no other worker: that one is about to go."""
    lost = replace(LOST, others=others)
    heard, _, notebook = play_with_a_lost_worker(lost, OnAgentLoss.REDISTRIBUTE)
    names = ["a", "b"] if others else ["b"]
    assert [name for name, one in heard.items() if one is not None] == names
    assert heard["b"] is not None
    assert heard["b"].share.dealt is not None
    assert heard["b"].share.dealt.cycle == len(names)
    assert ("redistributed", {"agent": "a", "worker": 0, "to": names}) in notebook.events


@pytest.mark.parametrize(
    ("lost", "policy"),
    [
        (replace(LOST, share=None), OnAgentLoss.REDISTRIBUTE),
        (LOST, OnAgentLoss.CONTINUE),
        (LOST, OnAgentLoss.STOP),
    ],
)
def test_a_lost_worker_that_nobody_plays_for(lost: WorkerLost, policy: OnAgentLoss) -> None:
    """One that another has taken over from would be played twice; other words mean agents."""
    heard, result, notebook = play_with_a_lost_worker(lost, policy)
    assert heard["b"] is None
    assert "redistributed" not in notebook.kinds()
    assert result.ending is Ending.PLAYED


def test_what_was_dealt_out_once_is_not_dealt_out_again() -> None:
    """Users that kill their worker would go on from host to host, and kill them all."""

    async def loses(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(LOST_USERS, LOST, Finished(at=0.9))

    async def dies_of_it(agent: Agent) -> None:
        await agent.stand_by()
        await agent.hear(Adopt)
        await agent.say(replace(LOST, worker=1, share=1, others=True))
        assert await adoption(agent) is None
        await agent.say(Finished(at=0.9))

    _, notebook = play({"a": loses, "b": dies_of_it}, OnAgentLoss.REDISTRIBUTE)
    assert notebook.kinds().count("redistributed") == 1
