"""Agents and workers that are gone, or silent: noticed, counted, told.

What then becomes of the run is decided by `aftermath` and by the run itself. Must not
know why the run would end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, time

import trio

from pytsung.control.messages import WorkerLost
from pytsung.controller.agent_link import AgentLink
from pytsung.controller.listener import Listener
from pytsung.stats.collector import Collected, IntervalCollector
from pytsung.stats.verdict import Judge

LOOK_EVERY = 0.5
STALLED_AFTER = 5.0
"""Seconds of an agent's silence that are an event; many more and it is lost."""


class Losses:
    """Keeps the books of what is lost. `unix` makes Unix time of seconds since the test's start."""

    def __init__(
        self,
        judge: Judge,
        collector: IntervalCollector[str],
        listener: Listener,
        unix: Callable[[float], float],
    ) -> None:
        self._judge = judge
        self._collector = collector
        self._listener = listener
        self._unix = unix

    def note_worker(self, link: AgentLink, lost: WorkerLost) -> None:
        """One of an agent's workers has died; the agent has counted its users."""
        self._judge.lost(
            link.name, at=lost.at, users=lost.users, worker=lost.worker, reason=lost.reason
        )
        self._listener.event(
            "worker-lost",
            self._unix(lost.at),
            agent=link.name,
            worker=lost.worker,
            users=lost.users,
            reason=lost.reason,
        )
        text = f"worker {lost.worker} lost with {lost.users} users: {lost.reason}"
        self._listener.note(3, link.name, text)

    def note_agent(self, link: AgentLink, at: float, reason: str) -> None:
        """An agent is gone: its users, as of its last report, are lost."""
        link.lost_at = at
        users = self._collector.lost(link.name, at)
        self._judge.lost(link.name, at=at, users=users, reason=reason)
        self._listener.event(
            "agent-lost", self._unix(at), agent=link.name, users=users, reason=reason
        )
        self._listener.note(3, link.name, f"agent lost with {users} users: {reason}")

    async def watch(
        self,
        links: Sequence[AgentLink],
        patience: float,
        elapsed: Callable[[], float],
        lose: Callable[[AgentLink, str], None],
    ) -> None:
        """Notice agents that say nothing any more; after `patience` seconds, `lose` them."""
        while True:
            for link in links:
                if link.is_lost or link.finished is not None:
                    continue
                silence = monotonic() - link.heard
                if silence > patience:
                    lose(link, f"silent for {silence:.0f} s")
                    link.dismiss()
                elif silence > STALLED_AFTER and not link.is_stalled:
                    self._note_stall(link, elapsed(), silence)
            await trio.sleep(LOOK_EVERY)

    def _note_stall(self, link: AgentLink, at: float, silence: float) -> None:
        link.is_stalled = True
        self._judge.stalled(link.name, at=at, silence=silence)
        self._listener.event("agent-stalled", time(), agent=link.name, silence=round(silence, 1))
        text = f"agent stalled: nothing heard for {silence:.0f} s"
        self._listener.note(4, link.name, text)

    def note_coverage(self, collected: Collected[str], links: Sequence[AgentLink]) -> None:
        """Tell the judge how many agents should have told of a second, and how many did."""
        index = collected.index
        owing = [one for one in links if one.finished is None or one.finished.at > index]
        told = [
            one for one in owing if index + 1 <= one.lost_at and one.name not in collected.missing
        ]
        self._judge.covered(len(told), len(owing))
