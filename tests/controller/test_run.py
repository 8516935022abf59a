"""The controller against scripted agents: what it makes of their words, and of their silence.

No process is started; an agent is a task at the far end of a stream in memory.
"""

from __future__ import annotations

from time import monotonic

import pytest
import trio
import trio.testing

from pytsung.control.messages import (
    VERSION,
    Amend,
    Assign,
    Failed,
    Finished,
    Health,
    Hello,
    Message,
    Note,
    PhaseStarted,
    Ready,
    Report,
    Start,
    Stop,
    WorkerLost,
)
from pytsung.control.orders import Action, Order
from pytsung.controller.outcome import Ending
from pytsung.errors import AgentError
from pytsung.plan import ArrivalPhase
from pytsung.stats import Interval
from pytsung.stats.summary import SampleSummary
from tests.controller.scripted import LIMIT, Agent, Script, play, second, worked

# -- an operator --------------------------------------------------------------------


def test_an_operators_change_reaches_every_agent_and_the_log() -> None:
    """Each agent gets its part; the run is marked, and judged by what is wanted now."""
    parts: dict[str, Amend] = {}

    def amended(name: str) -> Script:
        async def script(agent: Agent) -> None:
            await agent.stand_by()
            await agent.say(PhaseStarted(0, 1, 0.0))
            parts[name] = await agent.hear(Amend)
            (users,) = parts[name].amendment.users[0][:1]
            await agent.say(second(0, users, users, 0), Finished(at=0.5))

        return script

    phases = (ArrivalPhase(1, 60.0, 100.0, None, (1.0,)),)
    result, notebook = play(
        {"a": amended("a"), "b": amended("b")},
        phases=phases,
        orders=[Order(Action.RATE, 3.0, "me")],
    )
    assert set(parts) == {"a", "b"}
    one, two = (parts[name].amendment for name in "ab")
    assert one.phases == two.phases
    assert sum(one.users[0] + two.users[0]) == one.phases[0].users
    assert result.amended
    assert ("order", {"action": "rate", "by": "me", "rate": 3.0}) in notebook.events
    wanted = 6000 + one.phases[0].users  # agents would have reported the rest as dropped
    assert f"of {wanted:,} users started" in result.verdict.reasons[0]


def test_a_stop_is_graceful_and_spoils_nothing() -> None:
    """`pytsung stop` and the page's button: a full result of what was measured."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        assert (await agent.hear(Stop)).grace == 0.0
        await agent.say(second(0, 5, 5, 0), Finished(at=0.5))

    result, _ = play({"a": script}, orders=[Order(Action.STOP, by="me")])
    assert result.ending is Ending.STOPPED
    assert (result.verdict.status, result.amended) == ("clean", False)


def test_sending_everybody_away_is_no_reason_to_doubt_what_was_measured() -> None:
    """A worker that closes 20,000 connections at once has no time for anything else."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        await agent.hear(Stop)
        report = second(0, 5, 5, 0)
        report.interval.generator = {"loop_lag": SampleSummary.of([0.5] * 200)}
        await agent.say(report, Finished(at=0.5))

    result, _ = play({"a": script}, orders=[Order(Action.STOP, by="me")])
    assert result.verdict.status == "clean"


# -- the beginning ------------------------------------------------------------------


def test_nobody_starts_before_everybody_stands_by() -> None:
    """One instant for all, however long the slowest host takes."""
    order: list[str] = []

    def slow(name: str, pause: float) -> Script:
        async def script(agent: Agent) -> None:
            await agent.hear(Assign)
            await trio.sleep(pause)
            order.append(f"{name} ready")
            await agent.say(Hello(VERSION), Ready(1))
            await agent.hear(Start)
            order.append(f"{name} started")
            await agent.say(second(0, 5, 5, 0), Finished(at=0.1))

        return script

    result, notebook = play({"a": slow("a", 0.0), "b": slow("b", 0.2)})
    assert order[:2] == ["a ready", "b ready"]
    assert sorted(order[2:]) == ["a started", "b started"]
    assert notebook.kinds()[:2] == ["started", "start"]
    assert result.totals.users_started == 10


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([Failed("no room for workers; make some")], "agent host far: no room for workers"),
        ([Hello(VERSION + 1), Ready(1)], f"it runs version {VERSION + 1} of the control protocol"),
        ([], "it ended before its workers stood by"),
    ],
)
def test_an_agent_that_cannot_start_ends_the_run_before_it_begins(
    words: list[Message], reason: str
) -> None:
    """Exit status 4, with the host and the reason."""

    async def script(agent: Agent) -> None:
        await agent.hear(Assign)
        await agent.complaints.send_all(b"ModuleNotFoundError: no trio\n")
        await agent.say(*words)

    with pytest.raises(AgentError) as raised:
        play({"far": script})
    assert reason in str(raised.value)
    assert raised.value.exit_status == 4


def test_all_hosts_that_cannot_start_are_said_at_once() -> None:
    """Whoever mends a fleet would else start it once for each host."""

    def fails(reason: str, pause: float) -> Script:
        async def script(agent: Agent) -> None:
            await agent.hear(Assign)
            await trio.sleep(pause)
            await agent.say(Failed(reason))

        return script

    scripts = {"a": fails("no room", 0.0), "b": worked(1), "c": fails("no Python", 0.2)}
    with pytest.raises(AgentError) as raised:
        play(scripts)
    first, second = str(raised.value).splitlines()
    assert first.startswith("agent host a: no room")
    assert second.startswith("agent host c: no Python")


def test_garbage_instead_of_an_agent_is_said_to_be_that() -> None:
    """A shell's banner, say."""

    async def script(agent: Agent) -> None:
        await agent.hear(Assign)
        await agent.stream.send_all(b"Welcome to Ubuntu\n")
        await trio.sleep_forever()

    with pytest.raises(AgentError, match="not a pytsung agent"):
        play({"far": script})


# -- the run ------------------------------------------------------------------------


def test_intervals_of_all_agents_are_merged_and_add_up() -> None:
    """One line a second, whoever it came from."""
    result, notebook = play({"a": worked(6), "b": worked(4)})
    assert [interval.users_started for interval in notebook.intervals] == [10, 0]
    assert [interval.users_open for interval in notebook.intervals] == [10, 0]
    assert (result.totals.users_finished, result.totals.users_peak) == (10, 10)
    assert {name: one.users_started for name, one in result.agent_totals.items()} == {
        "a": 6,
        "b": 4,
    }
    assert (result.ending, result.verdict.status) == (Ending.PLAYED, "clean")
    assert result.duration == 1.5
    assert result.cost.cpu_seconds >= 1.0
    assert notebook.kinds().count("phase") == 1  # told once, by whoever is first


def test_notes_complaints_and_hosts_are_passed_on() -> None:
    """What happens elsewhere must be readable here."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        await agent.complaints.send_all(b"half a ")
        await agent.complaints.send_all(b"line\nand another\nwithout end")
        health = Health(0.0, 1.0, 2.0, 3.0, rss=77)
        await agent.say(Note(4, "short of ports"), health)
        await agent.say(Health(0.0, 1.0, 2.0, 3.0, rss=55, is_new_reading=True))
        await trio.sleep(0.1)
        await agent.say(second(0, 10, 10, 0), Finished(at=0.5))

    result, notebook = play({"far": script})
    assert {"far: short of ports", "far: half a line", "far: and another"} <= set(notebook.notes)
    assert notebook.hosts == ["far"]
    assert result.agents[0].peak_rss == 77


def test_a_lost_worker_is_an_event_and_a_reason() -> None:
    """The agent lives, some of its users do not."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        lost = Interval(0, users_started=10, users_finished=8, users_lost=2)
        await agent.say(WorkerLost(1, 0.5, 2, "killed by SIGKILL"), Report(lost))
        await agent.say(Finished(at=1.0))

    result, notebook = play({"far": script})
    assert ("worker-lost", 2) in [(kind, fields.get("users")) for kind, fields in notebook.events]
    assert result.verdict.status == "degraded"
    assert "worker 1 lost with 2 users (killed by SIGKILL)" in result.verdict.reasons[0]


def test_the_others_go_on_when_an_agent_is_gone() -> None:
    """Its users are lost from its last report on; the books are closed without it."""

    async def dies(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 4, 0, 4))

    async def lives(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 6, 0, 6))
        await trio.sleep(1.2)
        await agent.say(second(1, 0, 6, 0), Finished(at=1.2))

    result, notebook = play({"dies": dies, "lives": lives})
    totals = result.totals
    assert (totals.users_started, totals.users_finished, totals.users_lost) == (10, 6, 4)
    assert result.ending is Ending.PLAYED
    assert result.verdict.status == "degraded"
    assert "agent dies" in result.verdict.reasons[0]
    assert "agent-lost" in notebook.kinds()


def test_garbage_in_the_middle_costs_one_agent() -> None:
    """It has broken its contract; the others have not."""

    async def babbles(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 4, 0, 4))
        await agent.stream.send_all(b"\0\0\0\x05hello")
        await trio.sleep_forever()

    result, _ = play({"babbles": babbles, "b": worked(6)})
    assert result.totals.users_lost == 4
    assert "not a message" in " ".join(result.verdict.reasons)


def test_the_loss_of_all_is_a_fault() -> None:
    """There is nobody left to wait for."""

    async def dies(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 10, 0, 10))

    result, _ = play({"a": dies})
    assert (result.ending, result.verdict.status) == (Ending.FAULT, "invalid")
    assert "every agent was lost" in result.verdict.reasons[0]


def test_an_agent_that_says_nothing_is_given_up() -> None:
    """`--agent-timeout`; a beat every two seconds is how it could have told that it lives."""

    async def freezes(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 10, 0, 10))
        await trio.sleep_forever()

    start = monotonic()
    result, _ = play({"far": freezes}, agent_timeout=1.0)
    assert monotonic() - start < 10
    assert result.totals.users_lost == 10
    assert "silent for" in " ".join(result.verdict.reasons)


# -- the end ------------------------------------------------------------------------


def stopped(users: int, *, aborted: bool = False) -> Script:
    """An agent that starts its users, and ends when it is told to."""

    async def script(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, users, 0, users))
        if aborted:
            await agent.say(Finished(at=0.1, users_open=users, aborted=True))
        await agent.hear(Stop)
        if not aborted:
            await agent.say(Finished(at=0.2, users_open=users, not_started=3))
        await agent.stream.aclose()

    return script


def test_the_duration_of_the_load_stops_everybody() -> None:
    """Counted as Tsung counts it; users are open, and nothing is wrong with that."""
    result, notebook = play({"a": stopped(6), "b": stopped(4)}, users=16, duration=0.3)
    assert result.ending is Ending.DURATION
    assert result.totals.counters == {"error_abort": 1}
    assert (result.totals.users_open, result.not_started) == (10, 6)
    assert 0.3 <= result.duration < LIMIT / 2
    assert ("stop", {"reason": "duration"}) in notebook.events


def test_an_abort_on_one_host_stops_the_others() -> None:
    """`<abort type="all"/>` means the whole test."""
    result, _ = play({"a": stopped(6, aborted=True), "b": stopped(4)})
    assert result.ending is Ending.ABORTED
    assert result.totals.counters == {"error_abort": 1}
    assert result.totals.users_open == 10


def test_sums_that_do_not_add_up_are_invalid() -> None:
    """Whatever else the figures say, they are worth nothing."""

    async def forgetful(agent: Agent) -> None:
        await agent.stand_by()
        await agent.say(second(0, 10, 9, 0), Finished(at=0.5))

    result, _ = play({"far": forgetful})
    assert result.verdict.status == "invalid"
    assert "10 users started, but 9 finished" in result.verdict.reasons[0]
