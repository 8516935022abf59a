"""Passes on what a run tells: to its log directory, its live picture, and the terminal.

Must not know what any of them makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytsung.cli.host_name import host_name
from pytsung.control.messages import Health
from pytsung.control.records import Exchanges, MatchEvent, Traffic
from pytsung.controller.agent_link import AgentLink
from pytsung.controller.run import Run
from pytsung.dashboard.happenings import mood, sentence
from pytsung.dashboard.history import Point
from pytsung.dashboard.host_view import hosts_in_words
from pytsung.dashboard.live_run import AgentView, LiveRun
from pytsung.dashboard.terminal import LiveState, LiveView
from pytsung.logdir.run_log import RunLog
from pytsung.stats import Interval
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals
from pytsung.stats.tripwire import Tripwire


class Reporter:
    """The listener of one run; `run` is set as soon as there is one."""

    def __init__(
        self, live: LiveRun, log: RunLog, view: LiveView, tripwire: Tripwire | None = None
    ) -> None:
        self.run: Run | None = None
        self._tripwire = tripwire or Tripwire()
        self._live = live
        self._log = log
        self._view = view
        view.update(_state_of(live))

    @property
    def totals(self) -> RunTotals:
        """The whole run so far."""
        return self._live.totals

    def started(self, at: float) -> None:
        """The test begins."""
        self._live.begin(at)

    def interval(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        """A second of the test is complete."""
        if self.run is not None:
            self._live.agents = [_view_of(link) for link in self.run.agents]
            self._live.verdict = self.run.verdict_so_far()
        for crossing in self._tripwire.news(totals, merged.index + 1):
            kind = "threshold-kept" if crossing.kept else "threshold"
            self.event(kind, at, threshold=crossing.threshold, value=crossing.value)
        self._live.take(merged, by_agent, totals, at)
        self._view.update(_state_of(self._live))
        self._log.interval(merged, by_agent, at)

    def host(self, name: str, health: Health) -> None:
        """How a host is doing."""
        host = host_name() if name == "localhost" else name
        self._live.host(host, health)
        self._log.host(host, health.cpu, health.free_memory, health.load)

    def reading(self, reading: Reading) -> None:
        """A figure of a host that is monitored."""
        self._live.reading(reading)
        self._log.readings([reading])

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """Something happened."""
        self._live.event(kind, at, fields)
        if kind in (
            "order",
            "threshold",
            "threshold-kept",
        ):  # the others are noted, or seen in the view
            self._view.say(sentence(kind, fields), style="red" if mood(kind) == "bad" else "cyan")
        self._log.event(kind, at, **fields)

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None:
        """Matches that are to be written down."""
        self._log.matches(events, origin)

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None:
        """What users did, for `tsung.dump`."""
        self._log.dump(agent, batch, origin)

    def note(self, level: int, source: str, text: str) -> None:
        """A line for the log; errors are shown at once."""
        self._log.note(level, source, text)
        if level <= 4:
            self._view.say(f"{source}: {text}", style="yellow" if level == 4 else "red")


def _state_of(live: LiveRun) -> LiveState:
    """What the terminal shows of a run."""
    last = live.history.points[-1] if live.history.points else Point(0.0)
    agents, is_worrying = live.agents_in_words()
    return LiveState(
        elapsed=live.elapsed,
        remaining=live.remaining,
        users=last.users,
        connected=last.connected,
        arrivals=live.interval.users_started,
        requests=float(live.requests[-1]) if live.requests else 0.0,
        errors=live.totals.errors,
        activity=live.activity,
        main=live.main_name,
        times=tuple(time for time in (last.p50, last.p95, last.p99) if time is not None),
        agents=agents,
        is_worrying=is_worrying,
        targets=hosts_in_words(live.hosts),
    )


def _view_of(link: AgentLink) -> AgentView:
    """An agent, for whoever looks at the run."""
    state = "busy"
    if link.is_lost:
        state = "lost"
    elif link.finished is not None:
        state = "done"
    elif link.is_stalled:
        state = "stalled"
    return AgentView(
        name=link.name,
        workers=len(link.share.workers),
        state=state,
        clock_offset=link.clock_offset,
        health=link.health,
        peak_rss=link.peak_rss,
    )
