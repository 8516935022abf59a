"""A running test drawn over a whole terminal, from the news that anybody can follow.

A function of what was heard and of the terminal's size. Must not know how the news came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pytsung.dashboard.words import clock, in_milliseconds, memory, rate

BLOCKS = " ▁▂▃▄▅▆▇█"
STATUS = {"clean": "green", "degraded": "yellow", "invalid": "red"}
MOODS = {"bad": "red", "warn": "yellow"}
KEYS = "q leaves, s stops the test"
SURE = "Stop the test? y stops it, any other key goes on"


class Watched:
    """What was heard of a run so far."""

    def __init__(self) -> None:
        self.run: dict[str, Any] = {}
        self.now: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self._columns: list[str] = []
        self._rows: list[list[float | None]] = []

    @property
    def state(self) -> str:
        """`starting`, `running`, `stopping` or `ended`; empty before the first news."""
        return str(self.now.get("state", ""))

    def take(self, news: Mapping[str, Any]) -> None:
        """Take in one item of news; the first one of a connection tells everything."""
        if "run" in news:
            self.run = news["run"]
            self._columns = news["columns"]
            self.events = []
        if news["fresh"]:
            self._rows = []
        for row in news["rows"]:
            while self._rows and self._rows[-1][0] > row[0] - row[1] + 0.001:
                self._rows.pop()
            self._rows.append(row)
        self.events = [*self.events, *news["events"]][-50:]
        self.now = news["now"]

    def column(self, name: str) -> list[float]:
        """All points of one figure."""
        if name not in self._columns:
            return []
        at = self._columns.index(name)
        return [row[at] or 0.0 for row in self._rows]


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as blocks, or all of them if they are fewer; 0 is empty."""
    shown = list(values[-width:]) if width > 0 else []
    highest = max(shown, default=0.0)
    if highest <= 0:
        return BLOCKS[0] * len(shown)
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[min(top, -int(-value * top // highest))] for value in shown)


def draw(watched: Watched, width: int, height: int, note: str = KEYS) -> RenderableType:
    """The whole screen; what has no room is left out from below."""
    now = watched.now
    if not now:
        return Text("waiting for the test …", style="dim")
    parts = [_head(watched, width), _progress(now, width), Text(), _lines(watched, width), Text()]
    room = height - 11
    for title, table, count in (
        ("errors", _errors(now), len(now["error_names"])),
        ("milliseconds", _times(now), len(now["samples"])),
        ("agents", _agents(now), len(now["agents"])),
        ("target hosts", _hosts(now), sum(host["is_target"] for host in now["hosts"])),
    ):
        if count and room > 2:
            shown = min(count, room - 2)
            parts += [_cut(table, shown, title), Text()]
            room -= shown + 2
    if room > 0:
        parts += [_event(event) for event in watched.events[-room:]]
    parts.append(Text(note, style="dim" if note == KEYS else "bold yellow"))
    return Group(*parts)


def _head(watched: Watched, width: int) -> Text:
    verdict = watched.now["verdict"]
    status = verdict["status"]
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(status, style=f"bold {STATUS.get(status, '')}")
    line.append(" so far  " if watched.now["state"] != "ended" else "  ", style="dim")
    line.append(watched.run.get("sentence", ""), style="bold")
    line.truncate(width, overflow="ellipsis")
    return line


def _progress(now: Mapping[str, Any], width: int) -> RenderableType:
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True, style="dim")
    left = now["remaining"]
    whole = now["elapsed"] + left if left is not None else None
    bar = ProgressBar(
        total=whole or 1.0,
        completed=now["elapsed"] if whole else 0.0,
        style="bright_black",
        complete_style="yellow" if now["paused"] else "cyan",
    )
    words = [f"{clock(left)} left"] if left is not None else []
    words += [now["activity"]] + (["load changed"] if now["amended"] and width > 100 else [])
    row.add_row(clock(now["elapsed"]), bar, ", ".join(words))
    return row


def _lines(watched: Watched, width: int) -> Table:
    """Each figure with its last minutes beside it."""
    now = watched.now
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    room = max(0, width - 34)
    last = now["last"]
    p95 = f"{in_milliseconds(last['p95'])} ms" if last["p95"] is not None else "–"
    figures = [
        ("users", f"{now['users']['open']:,}", "users", "cyan"),
        ("connected", f"{now['connections']['open']:,}", "connected", "cyan"),
        ("arriving", rate(now["started_per_second"]), "started", "green"),
        ("requests", rate(now["request_rate"]), "requests", "green"),
        (f"{now['main']} p95", p95, "p95", "magenta"),
        ("errors", f"{now['errors']:,}", "errors", "red"),
    ]
    for name, value, column, style in figures:
        alarming = name == "errors" and now["errors"]
        grid.add_row(
            Text(f"{name:<14}", style="dim"),
            Text(f"{value:>12}", style="bold red" if alarming else "bold"),
            Text(sparkline(watched.column(column), room), style=style),
        )
    return grid


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _cut(rows: Sequence[Sequence[Any]], shown: int, title: str) -> Table:
    head, *body = rows
    table = _table(title, *map(str, head[1:]))
    for row in body[:shown]:
        table.add_row(*row)
    return table


def _times(now: Mapping[str, Any]) -> list[list[str]]:
    rows = [["", "count", "mean", "p50", "p95", "p99", "max"]]
    for sample in now["samples"]:
        figures = [in_milliseconds(sample[name]) for name in rows[0][2:]]
        rows.append([sample["name"], f"{sample['count']:,}", *figures])
    return rows


def _errors(now: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = [["", "count", "last seen"]]
    for error in now["error_names"]:
        last = error["last"][0] if error["last"] else None
        seen = f"{clock(last['at'])} {last['agent']}" if last else ""
        rows.append([Text(error["name"], style="red"), f"{error['count']:,}", seen])
    return rows


def _agents(now: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = [["", "state", "users", "worker CPU", "loop lag", "late"]]
    for agent in now["agents"]:
        style = {"lost": "red", "stalled": "yellow"}.get(agent["state"], "")
        lag, late = agent.get("loop_lag"), agent.get("lateness")
        rows.append(
            [
                Text(agent["name"]),
                Text(agent["state"], style=style),
                f"{agent.get('users', 0):,}",
                f"{agent.get('worker_cpu', 0.0):.0%}",
                f"{in_milliseconds(lag)} ms" if lag is not None else "–",
                f"{in_milliseconds(late)} ms" if late is not None else "–",
            ]
        )
    return rows


def _hosts(now: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = [["", "CPU", "free memory", "load"]]
    for host in now["hosts"]:
        if host["is_target"]:
            cpu, free, load = host["cpu"], host["free_memory"], host["load"]
            rows.append(
                [
                    Text(host["name"]),
                    f"{cpu:.0f} %" if cpu is not None else "–",
                    memory(round(free * 1e6)) if free is not None else "–",
                    f"{load:.1f}" if load is not None else "–",
                ]
            )
    return rows


def _event(event: Mapping[str, Any]) -> Text:
    line = Text(f"{clock(event['at']):>7}  ", style="dim", no_wrap=True, overflow="ellipsis")
    line.append(event["text"], style=MOODS.get(event["mood"], "not dim"))
    return line
