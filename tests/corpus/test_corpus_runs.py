"""Configurations found in the wild run: ten users each, against a server that answers everything.

Every host is rewritten to loopback, pauses are cut short, and a run that is still going
after a few seconds is stopped. Whoever answers like that does not fit every script, so
users may fail, but only counted; nothing hangs, nothing crashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest
import trio

from pytsung.cli.retarget import send_to
from pytsung.config import read_configuration
from pytsung.control.messages import Health
from pytsung.control.records import Exchanges, MatchEvent, Traffic
from pytsung.controller.child import LocalLauncher
from pytsung.controller.outcome import Ending, RunOptions, RunResult
from pytsung.controller.run import Run
from pytsung.controller.shares import local_role
from pytsung.errors import ConfigurationError
from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    Cargo,
    Endpoint,
    Load,
    Match,
    Pause,
    Plan,
    Target,
    ThinkTime,
    WaitForAll,
)
from pytsung.plan.plan import Barrier
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.shell.room import CommandRequest
from pytsung.stats import Interval
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals
from tests.corpus.answering_server import AnsweringServer
from tests.corpus.collection import WHY_NOT, Entry, entries

USERS = 10
LONGEST = 4.0
"""Seconds after which a run is stopped."""

HUNG = 60.0
SHORT = ThinkTime(0.001)

pytestmark = pytest.mark.skipif(not entries(), reason=WHY_NOT)


@dataclass
class Ear:
    """Keeps what a run says."""

    notes: list[str] = field(default_factory=list)
    last_words: list[str] = field(default_factory=list)

    def started(self, at: float) -> None: ...

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None: ...

    def host(self, name: str, health: Health) -> None: ...
    def reading(self, reading: Reading) -> None: ...

    def event(self, kind: str, at: float, **fields: Any) -> None:
        if kind in ("worker-lost", "agent-lost"):
            self.last_words.append(f"{kind}: {fields.get('reason')}")

    def note(self, level: int, source: str, text: str) -> None:
        self.notes.append(text)

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None: ...

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    running = AnsweringServer()
    yield running
    running.close()


def _aside(path: str) -> str:
    """Where no stranger's file session can do harm: a directory that is not there."""
    return f"/nonexistent/pytsung{path}" if path else ""


def shortened(value: Any) -> Any:
    """Any part of a plan with its pauses cut short, however deep."""
    if isinstance(value, ThinkTime):
        return SHORT if value.pause is not Pause.FROM_TEXT else value
    if isinstance(value, CommandRequest):
        return CommandRequest("true")  # a stranger's command is not run
    if isinstance(value, FileRequest):
        return replace(value, path=_aside(value.path), destination=_aside(value.destination))
    if isinstance(value, Match):
        return replace(value, sleep=0.001)
    if isinstance(value, tuple):
        return tuple(map(shortened, value))
    if is_dataclass(value) and not isinstance(value, type | Endpoint | WaitForAll):
        parts = ((each.name, getattr(value, each.name)) for each in fields(value))
        return replace(value, **{name: shortened(part) for name, part in parts})
    return value


def cut_down(plan: Plan, port: int) -> Plan:
    """The plan with ten users on one worker, who all go to the server."""
    weights = next((phase.weights for phase in plan.load.phases if any(phase.weights)), None)
    if weights is None or len(weights) != len(plan.sessions):
        weights = (1.0,) * len(plan.sessions)
    phase = ArrivalPhase(1, 60.0, 100.0, USERS, weights)
    sent = send_to(replace(plan, load=Load((phase,), duration=LONGEST)), f"127.0.0.1:{port}")
    return replace(
        sent,
        agent_hosts=(AgentHost("localhost", max_users=1000),),
        targets=sent.targets or (Target(Endpoint("127.0.0.1", port)),),
        sessions=shortened(sent.sessions),
        barrier=Barrier(USERS, 1.0),
        seed=1,
    )


def play(plan: Plan, cargo: Cargo) -> tuple[RunResult, Ear]:
    ear = Ear()
    options = RunOptions(seed=1, warm_up=0.05, grace=0.5, cargo=cargo)

    async def main() -> RunResult:
        with trio.fail_after(HUNG):
            run = Run(plan, options, ear)
            return await run.play([local_role(plan, 1)], [LocalLauncher()])

    return trio.run(main), ear


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_ten_users_live_through_it(entry: Entry, server: AnsweringServer) -> None:
    """Ends without a traceback, with every user accounted for."""
    if not entry.well_formed:
        pytest.skip("not well-formed at its origin")
    with entry.at_home() as path:
        try:
            found = read_configuration(path)
        except ConfigurationError as error:
            pytest.skip(f"refused: {error.faults[0].text}")
        if not found.plan.sessions:
            pytest.skip("it has no session")
        result, ear = play(cut_down(found.plan, server.port), found.cargo)
    said = "\n".join(ear.notes)
    assert not ear.last_words, said
    assert "Traceback" not in said, said
    assert result.ending in (Ending.PLAYED, Ending.DURATION, Ending.ABORTED)
    totals = result.totals
    assert totals.users_started == USERS
    assert totals.users_lost == 0
    assert not [reason for reason in result.verdict.reasons if "do not add up" in reason]
