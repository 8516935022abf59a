"""`pytsung view`: the page of a run that is over, from its log directory.

Must not know what the page looks like.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import trio

from pytsung.cli.arguments import Arguments
from pytsung.cli.doors import Doors, open_page, stay_open
from pytsung.config import read_configuration
from pytsung.control.orders import Order
from pytsung.dashboard.live_run import AgentView, Heading, LiveRun
from pytsung.dashboard.terminal import make_console
from pytsung.dashboard.web.serve import PORT
from pytsung.errors import ExitStatus, PytsungError, UsageError
from pytsung.logdir.journal import EVENTS, INTERVALS, read_events, read_intervals
from pytsung.logdir.plan_figures import describe_plan
from pytsung.logdir.summary import SUMMARY, RunSummary, read_summary
from pytsung.plan import Plan
from pytsung.report.record import INCOMPLETE
from pytsung.report.sources import newest_run
from pytsung.schedule.timetable import Timetable
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict


def view(asked: Arguments) -> int:
    """Serve the page until Ctrl-C; `-l` names a run's directory, or the root of several."""
    directory = _run_below(asked.log_root)
    live = replayed(directory)
    doors = Doors(live)
    doors.command = _refuse
    console = make_console(color=asked.color)

    def say(text: str, style: str = "dim") -> None:
        console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)

    async def show() -> None:
        page = replace(asked, web=True, web_port=PORT if asked.web_port is None else asked.web_port)
        is_live = bool(live.history.points)
        async with open_page(page, doors, directory, say, is_live=is_live):
            port = page.web_port if not doors.url else doors.url.rpartition(":")[2].split("/")[0]
            await stay_open(doors, f"Starting Tsung web only on port {port}\n")

    trio.run(show)
    return int(ExitStatus.OK)


def _run_below(root: Path) -> Path:
    """The directory itself if it is a run's, else the newest run in it."""
    if not root.is_dir():
        raise UsageError(f"{root}: no such directory; name the log directory of a run with -l")
    is_run = any((root / name).exists() for name in (INTERVALS, SUMMARY, "tsung.log"))
    return root if is_run else newest_run(root)


def _refuse(order: Order) -> None:
    if order.rate or order.action.value != "stop":
        raise UsageError("this run is over; there is nothing to change")


def replayed(directory: Path) -> LiveRun:
    """The picture of a run that is over; without any second for one of Tsung's own."""
    summary = read_summary(directory) if (directory / SUMMARY).exists() else None
    plan = _plan(directory, summary)
    events = list(read_events(directory / EVENTS)) if (directory / EVENTS).exists() else []
    seed = next((event.fields.get("seed", 0) for event in events if event.kind == "start"), 0)
    heading = replace(_heading(directory, summary, plan), seed=seed)
    live = LiveRun(heading, Timetable.of(plan.load) if plan is not None else Timetable(()))
    totals = RunTotals()
    agents: list[str] = []
    if (directory / INTERVALS).exists():
        for entry in read_intervals(directory / INTERVALS):
            if not live.started_at:
                live.begin(entry.at - (entry.merged.index + 1))
            totals.add(entry.merged)
            live.take(entry.merged, entry.agents, totals, entry.at)
            agents += [name for name in entry.agents if name not in agents]
    for event in events:
        live.event(event.kind, event.at, event.fields)
    live.agents = [AgentView(name, state="done") for name in agents]
    reason = (f"no {SUMMARY}: the run was cut off, and nobody judged it",)
    live.end(summary.verdict if summary is not None else Verdict(INCOMPLETE, reason))
    return live


def _heading(directory: Path, summary: RunSummary | None, plan: Plan | None) -> Heading:
    if summary is not None:
        begins = datetime.fromisoformat(summary.started_at)
        figures, name = summary.plan, f"{summary.plan.name}, {begins:%Y-%m-%d %H:%M}"
    elif plan is not None:
        figures, name = describe_plan(plan), directory.name
    else:
        return Heading(directory.name, f"{directory.name}, a run without a summary", str(directory))
    return Heading(name, figures.sentence, str(directory), figures.targets)


def _plan(directory: Path, summary: RunSummary | None) -> Plan | None:
    """What was planned, from the configuration that lies beside the run, if it can be read."""
    if summary is not None:
        path = directory / Path(summary.plan.name).name
    else:  # it was cut off: the only configuration is the run's
        found = sorted(directory.glob("*.xml"))
        path = found[0] if len(found) == 1 else directory / "-"
    if path.is_file():
        with contextlib.suppress(PytsungError):
            return read_configuration(path).plan
    return None
