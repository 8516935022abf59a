"""Our own log directories: every second from `intervals.jsonl`, the result from `summary.json`.

A run that was killed has no summary: it is rebuilt from the seconds, and marked.
The sums of the seconds are held against the summary, so that a directory that was
tampered with, or mixed from two runs, is found out. Must not know Tsung's own files
but for the hosts' readings, which stand nowhere else.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from pytsung.errors import LogDirectoryError
from pytsung.logdir.blocks import Blocks
from pytsung.logdir.journal import (
    EVENTS,
    INTERVALS,
    Event,
    IntervalEntry,
    read_events,
    read_intervals,
)
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.summary import SUMMARY, RunSummary, read_summary
from pytsung.logdir.tsung_log import TsungLog
from pytsung.logdir.tsung_reader import parse_tsung_log, read_tsung_log
from pytsung.report.consistency import disagreements, out_of_order
from pytsung.report.hosts import host_readings
from pytsung.report.record import INCOMPLETE, AgentRecord, Health, RunRecord
from pytsung.report.windows import WindowMaker, width_for
from pytsung.stats.interval import Interval
from pytsung.stats.totals import RunTotals, check_conservation
from pytsung.stats.verdict import LATENESS, LOOP_LAG, Verdict, worst_percentile

HEAT = ("request", "connect")
"""The statistics whose heat map is drawn."""


class _Reading:
    """A run, second by second, as it is read."""

    def __init__(self, width: int) -> None:
        self.maker = WindowMaker(width, heat=HEAT)
        self.totals = RunTotals(counts_only=True)  # samples are summed up by the windows
        self.agents: dict[str, AgentRecord] = {}
        self.started = 0.0
        self.faults: list[str] = []
        self._width = width

    def add(self, entry: IntervalEntry) -> None:
        if not self.totals.intervals:
            self.started = entry.at - (entry.merged.index + 1)
        fault = out_of_order(self.totals.last_index, entry.merged.index)
        if fault:
            self.faults.append(fault)
        self.maker.add(entry.merged)
        self.totals.add(entry.merged)
        self.totals.fan_out.add(entry.merged.deliveries, entry.merged.index)
        for host, interval in entry.agents.items():
            agent = self.agents.setdefault(host, AgentRecord(host))
            agent.totals.add(interval)
            _note_health(agent, interval, self._width)


def read_ours(directory: Path, width: int | None = None) -> RunRecord:
    """The record of a directory that pytsung wrote, in windows of `width` seconds.

    Raises LogDirectoryError if it cannot be read.
    """
    path = directory / INTERVALS
    reading = _Reading(width or width_for(_count_lines(path)))
    for entry in read_intervals(path):
        reading.add(entry)
    windows = reading.maker.finish()
    totals = reading.totals
    totals.samples, totals.generator = reading.maker.samples, reading.maker.generator
    agents = [reading.agents[host] for host in sorted(reading.agents)]
    faults = check_conservation(totals, {agent.host: agent.totals for agent in agents})
    is_complete = (directory / SUMMARY).exists()
    if is_complete:
        summary = read_summary(directory)
        faults += [*reading.faults, *disagreements(summary, totals)]
    else:
        summary = _rebuilt(directory, reading)
    blocks = _blocks(directory, path)
    events = list(read_events(directory / EVENTS)) if (directory / EVENTS).exists() else []
    return RunRecord(
        directory=directory,
        name=directory.resolve().name,
        is_ours=True,
        is_complete=is_complete,
        started_at=datetime.fromisoformat(summary.started_at),
        summary=summary,
        windows=windows,
        blocks=blocks,
        hosts=host_readings(blocks),
        agents=agents,
        events=[_since(event, reading.started) for event in events],
        samples=totals.samples,
        totals=totals,
        faults=faults,
        configuration=_configuration(directory, summary.plan.name),
    )


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except OSError as error:
        raise LogDirectoryError(f"{path}: cannot be read: {error.strerror or error}") from error


def _note_health(agent: AgentRecord, interval: Interval, width: int) -> None:
    """The worst second of each window speaks for it."""
    generator = interval.generator
    cpu = generator.get("worker_cpu")
    start = float(interval.index - interval.index % width)
    late = worst_percentile(generator.get("lateness"), LATENESS)
    lag = worst_percentile(generator.get("loop_lag"), LOOP_LAG)
    busiest = cpu.maximum if cpu is not None and cpu.count else 0.0
    if agent.health and agent.health[-1].at == start:
        last = agent.health.pop()
        late, lag = max(late, last.lateness), max(lag, last.loop_lag)
        busiest = max(busiest, last.worker_cpu)
    agent.health.append(Health(start, late, lag, busiest))


def _rebuilt(directory: Path, reading: _Reading) -> RunSummary:
    """A summary for a run that did not live to write its own."""
    totals = reading.totals
    found = sorted(directory.glob("*.xml"))
    name = found[0].name if found else ""
    sentence = f"{name or 'a run'}, cut off after {totals.duration:.0f} s"
    reason = f"no {SUMMARY}: the run was cut off, and nobody judged it; these are its seconds"
    return RunSummary.of(
        totals,
        verdict=Verdict(INCOMPLETE, (reason,)),
        plan=PlanFigures(sentence, name, totals.users_started, 0, 0.0, 0, 0, ()),
        started_at=datetime.fromtimestamp(reading.started).astimezone().isoformat(),
        duration=totals.duration,
    )


def _blocks(directory: Path, intervals: Path) -> Blocks:
    """Tsung's blocks of the run; written anew when it sent them elsewhere (`-m`)."""
    path = directory / "tsung.log"
    if path.exists():
        return read_tsung_log(path)
    text = io.StringIO()
    log = TsungLog(text)
    at = 0.0
    for entry in read_intervals(intervals):
        log.add(entry.merged, at := entry.at)
    if at:
        log.finish(at)
    return parse_tsung_log(text.getvalue())


def _since(event: Event, started: float) -> Event:
    """An event with its time since the test's start."""
    return Event(event.at - started, event.kind, event.fields)


def _configuration(directory: Path, name: str) -> str:
    path = directory / Path(name).name
    return path.read_text("utf-8", "replace") if name and path.is_file() else ""
