"""A running test as anybody may look at it: the page, the terminal, `pytsung status`.

Is fed by what the run tells, and keeps the last second, the whole run, and a bounded
history. Must not know who looks, nor how: `snapshot` makes of it what is shown.
"""

from __future__ import annotations

import resource
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import trio

from pytsung.control.messages import Health
from pytsung.dashboard.happenings import mood, sentence
from pytsung.dashboard.history import History, Point
from pytsung.dashboard.host_view import HostView
from pytsung.schedule.timetable import Timetable
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.readings import Reading
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import WORKER_CPU, Verdict

MOST_EVENTS = 200
"""Events kept to be shown; all of them stand in `events.jsonl`."""

EXAMPLES = 3
"""Last occurrences kept of each error."""

SHOWN = (50.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a run before it begins. `targets` are shown as they are."""

    name: str
    sentence: str
    log_directory: str
    targets: tuple[str, ...] = ()
    seed: int = 0
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Tsung's status: the keys of its `/es/ts_api:status`, in that order.

    `phase` is None while the last users are waited for. `cpu_controller` is percent.
    """

    phase: int | None
    phase_total: int
    users: int
    connected_users: int
    request_rate: float
    active_beams: int
    cpu_controller: float


@dataclass(slots=True)
class AgentView:
    """One agent, as it was last heard of. `state` is `ready`, `busy`, `stalled`, `lost`, `done`."""

    name: str
    workers: int = 0
    state: str = "ready"
    clock_offset: float = 0.0
    health: Health | None = None
    peak_rss: int = 0


class LiveRun:
    """The picture of one run. `state` is `starting`, `running`, `stopping` or `ended`."""

    def __init__(self, heading: Heading, timetable: Timetable) -> None:
        self.heading = heading
        self.timetable = timetable
        self.state = "starting"
        self.history = History()
        self.totals = RunTotals()
        self.started_at = 0.0
        self.second = 0  # counts what was taken in; whoever looks waits for the next one
        self.agents: Sequence[AgentView] = ()
        self.verdict = Verdict("clean")
        self.interval = Interval(-1)
        self.by_agent: Mapping[str, Interval] = {}
        self.hosts: dict[str, HostView] = {}
        self.last_errors: dict[str, deque[dict[str, Any]]] = {}
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._event_count = 0
        self.requests: deque[int] = deque(maxlen=10)
        self._news = trio.Event()
        self._cpu = _own_cpu()
        self._cpu_at = time.monotonic()
        self.cpu_percent = 0.0

    # -- being fed ------------------------------------------------------------

    def begin(self, at: float) -> None:
        """The test begins at a Unix time."""
        self.started_at = at
        self.state = "running"

    def take(
        self, merged: Interval, by_agent: Mapping[str, Interval], totals: RunTotals, at: float
    ) -> None:
        """A second of the test is complete; it ended at `at` (Unix time)."""
        self.interval, self.by_agent, self.totals = merged, by_agent, totals
        self._note_errors(by_agent, at)
        main = self._main_samples()
        times = main.percentiles(SHOWN) if main is not None else (None, None, None)
        requests = _count(merged.samples.get("request"))
        self.requests.append(requests)
        elapsed = float(merged.index + 1)
        planned = self.planned_rate(merged.index + 0.5)
        self.history.add(
            Point(
                at=elapsed,
                users=merged.users_open,
                connected=merged.connections_open,
                expected=self._expected(elapsed),
                started=merged.users_started,
                planned=planned,
                requests=requests,
                errors=_errors(merged),
                received=merged.counters.get("size_rcv", 0),
                sent=merged.counters.get("size_sent", 0),
                p50=times[0],
                p95=times[1],
                p99=times[2],
            )
        )
        self._note_own_cpu()
        self.publish()

    def host(self, name: str, health: Health) -> None:
        """How a host is doing."""
        figures = {"cpu": health.cpu, "freemem": health.free_memory, "load": health.load}
        self.hosts.setdefault(name, HostView()).take(self.elapsed, figures)

    def reading(self, reading: Reading) -> None:
        """A figure of a host that is monitored."""
        host = self.hosts.setdefault(reading.host, HostView())
        host.is_target = host.is_target or not reading.is_of_controller
        host.take(self.elapsed, {reading.metric: reading.value})

    def event(self, kind: str, at: float, fields: Mapping[str, Any]) -> None:
        """Something happened at a Unix time."""
        if kind == "stop":
            self.state = "stopping"
        self._event_count += 1
        since = round(at - self.started_at, 1) if self.started_at else 0.0
        line = {"at": since, "kind": kind, "text": sentence(kind, fields), "mood": mood(kind)}
        self._events.append(line)

    def end(self, verdict: Verdict) -> None:
        """The run is over, and judged."""
        self.state = "ended"
        self.verdict = verdict
        self.publish()

    def publish(self) -> None:
        """Wake everybody who waits for news."""
        self.second += 1
        self._news.set()
        self._news = trio.Event()

    # -- looking --------------------------------------------------------------

    async def wait_newer(self, second: int) -> int:
        """Wait until there is something newer than `second`; gives which second it is then."""
        while self.second <= second:
            await self._news.wait()
        return self.second

    @property
    def elapsed(self) -> float:
        """Seconds of the test that are complete."""
        return float(self.interval.index + 1)

    @property
    def remaining(self) -> float | None:
        """Seconds until arrivals are over, or the test's own limit; None when nobody knows."""
        if self.state != "running" or self.timetable.is_paused(self.elapsed):
            return None
        limit = self.heading.limit
        ends = [end for end in (self.timetable.ends, limit) if end and end > self.elapsed]
        return min(ends) - self.elapsed if ends else None

    @property
    def activity(self) -> str:
        """What goes on, in a few words."""
        if self.state == "starting":
            return "starting agents"
        if self.state == "stopping":
            return "stopping"
        if self.state == "ended":
            return "ended"
        place = self.timetable.place(self.elapsed)
        if place is None:
            is_over = self.elapsed >= self.timetable.ends
            return "waiting for the last users" if is_over else "users with fixed times are to come"
        paused = ", paused" if self.timetable.is_paused(self.elapsed) else ""
        return f"phase {place + 1} of {len(self.timetable.stretches)}{paused}"

    def planned_rate(self, at: float) -> float:
        """Users per second that were to arrive at a time."""
        return self.timetable.rate(at) + self.timetable.fixed_between(at - 0.5, at + 0.5)

    @property
    def request_rate(self) -> float:
        """Requests per second, over the last ten seconds."""
        return sum(self.requests) / len(self.requests) if self.requests else 0.0

    def status(self) -> Status:
        """What Tsung's `status` and `ts_api:status` tell."""
        place = self.timetable.place(self.elapsed) if self.state != "ended" else None
        is_over = place is None or self.state in ("stopping", "ended")
        total = len(self.timetable.stretches)
        alive = [agent for agent in self.agents if agent.state not in ("lost", "done")]
        return Status(
            phase=None if is_over or place is None else place + 1,
            phase_total=total,
            users=self.interval.users_open,
            connected_users=self.interval.connections_open,
            request_rate=0.0 if self.state == "ended" else self.request_rate,
            active_beams=0 if is_over else len(alive),
            cpu_controller=self.cpu_percent,
        )

    def agents_in_words(self) -> tuple[str, bool]:
        """How the load generator is, in a line, and whether that is a worry."""
        if not self.agents:
            return "", False
        lost = sum(agent.state == "lost" for agent in self.agents)
        stalled = sum(agent.state == "stalled" for agent in self.agents)
        words = [f"{len(self.agents)} agent{'s' if len(self.agents) > 1 else ''}"]
        words += [f"{lost} lost"] if lost else []
        words += [f"{stalled} stalled"] if stalled else []
        busiest = max(
            (
                samples.maximum
                for part in self.by_agent.values()
                if (samples := part.generator.get("worker_cpu")) is not None and samples.count
            ),
            default=0.0,
        )
        words.append(f"busiest worker {busiest:.0%} of a core")
        return ", ".join(words), bool(lost or stalled or busiest > WORKER_CPU)

    def events(self, seen: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """How many events there were in all, and those since `seen` of them."""
        fresh = min(self._event_count - seen, len(self._events))
        return self._event_count, list(self._events)[len(self._events) - fresh :]

    # -- details --------------------------------------------------------------

    @property
    def main_name(self) -> str:
        """The statistic whose times are shown first: requests, where there are any."""
        samples = self.totals.samples
        return next((name for name in ("request", "connect") if name in samples), "request")

    def _expected(self, elapsed: float) -> float:
        """Users who would be there, had everybody come whom the plan wanted by now."""
        wanted = sum(
            min(stretch.users, stretch.phase.rate * max(0.0, min(elapsed, stretch.ends) - at))
            for stretch in self.timetable.stretches
            if (at := stretch.begins) < elapsed
        )
        wanted += self.timetable.fixed_between(0.0, elapsed)
        return max(0.0, self.interval.users_open + wanted - self.totals.users_started)

    def _main_samples(self) -> SampleSummary | None:
        samples = self.interval.samples.get(self.main_name)
        return samples if samples is not None and samples.count else None

    def _note_errors(self, by_agent: Mapping[str, Interval], at: float) -> None:
        for name, part in by_agent.items():
            for error, count in part.counters.items():
                if error.startswith("error_"):
                    example = {"at": round(at - self.started_at), "agent": name, "count": count}
                    self.last_errors.setdefault(error, deque(maxlen=EXAMPLES)).append(example)

    def _note_own_cpu(self) -> None:
        cpu, at = _own_cpu(), time.monotonic()
        if at - self._cpu_at >= 1.0:
            self.cpu_percent = 100 * (cpu - self._cpu) / (at - self._cpu_at)
            self._cpu, self._cpu_at = cpu, at


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _count(samples: SampleSummary | None) -> int:
    return samples.count if samples is not None else 0


def _errors(interval: Interval) -> int:
    return sum(count for name, count in interval.counters.items() if name.startswith("error_"))
