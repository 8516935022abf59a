"""The end of a run on a terminal: what it measured, what it cost, whether to believe it.

Draws a `RunSummary`; must not know how it came about.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pytsung.control.messages import Cost
from pytsung.dashboard.words import clock, in_milliseconds, memory
from pytsung.logdir.summary import FanOutFigures, RunSummary, SampleFigures
from pytsung.plan.quantities import amount
from pytsung.stats.thresholds import Crossing

_COLOURS = {"clean": "green", "degraded": "yellow", "invalid": "red"}
_COLUMNS = ("count", "mean", "p50", "p95", "p99", "max")
MOST_ERRORS = 10
"""Error names shown; the rest stands in summary.json."""


def render_summary(summary: RunSummary, console: Console, *, quiet: bool = False) -> None:
    """Print the result; the verdict is the last line, after its reasons. Quiet: only these."""
    if not quiet:
        _print_figures(summary, console)
    _print_verdict(summary, console)


def _print_figures(summary: RunSummary, console: Console) -> None:
    console.print()
    console.print(Text(summary.plan.sentence, style="bold"))
    console.print()
    if summary.samples:
        console.print(_samples(summary))
        console.print()
    console.print(_facts(summary))
    console.print()


def _samples(summary: RunSummary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("milliseconds", no_wrap=True, overflow="ellipsis")
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for name, figures in _ordered(summary):
        times = (figures.mean, figures.p50, figures.p95, figures.p99, figures.max)
        table.add_row(name, f"{figures.count:,}", *map(in_milliseconds, times))
    return table


def _ordered(summary: RunSummary) -> list[tuple[str, SampleFigures]]:
    """A user's way: connect, request, page, session; then the transactions by name."""
    first = ("connect", "request", "page", "session")
    known = [(name, summary.samples[name]) for name in first if name in summary.samples]
    others = [item for item in sorted(summary.samples.items()) if item[0] not in first]
    return known + others


def _facts(summary: RunSummary) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row("users", _users(summary))
    connections = summary.connections
    grid.add_row("connections", f"{connections.opened:,} opened, peak {connections.peak:,}")
    grid.add_row("errors", _errors(summary))
    if summary.fan_out is not None:
        grid.add_row("events", _fan_out(summary.fan_out))
    for crossing in summary.thresholds:
        grid.add_row("threshold", _threshold(crossing))
    grid.add_row("generator", _generator(summary))
    grid.add_row("cost", _cost(summary.cost, summary.users.started))
    if summary.target is not None:
        grid.add_row("target", _cost(summary.target, summary.users.started))
    for warning in summary.warnings:
        grid.add_row("warning", Text(warning, style="yellow"))
    return grid


def _users(summary: RunSummary) -> str:
    users = summary.users
    parts = [f"{users.started:,} started", f"{users.finished:,} finished"]
    parts += [f"{users.open:,} open"] if users.open else []
    parts += [f"{users.lost:,} lost"] if users.lost else []
    parts += [f"{users.not_started:,} not started"] if users.not_started else []
    parts += [f"{users.dropped:,} dropped at a phase's end"] if users.dropped else []
    return f"{', '.join(parts)}; peak {users.peak:,}, in {clock(summary.duration)}"


def _errors(summary: RunSummary) -> Text:
    errors = list(summary.errors.items())
    if not errors:
        return Text("none")
    lines = [f"{number:,} {name}" for name, number in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        lines.append(f"and {amount(len(errors) - MOST_ERRORS, 'name')} more, see summary.json")
    return Text("\n".join(lines), style="red")


def _fan_out(fan_out: FanOutFigures) -> str:
    """Published events: how long a typical one took to its first, median and last receiver."""
    typical = [in_milliseconds(one.p50) for one in (fan_out.first, fan_out.median, fan_out.last)]
    return (
        f"{fan_out.events:,} followed, {fan_out.deliveries:,} deliveries;"
        f" first after {typical[0]} ms, median {typical[1]}, last {typical[2]}"
    )


def _generator(summary: RunSummary) -> str:
    late, lag = in_milliseconds(summary.lateness.p99), in_milliseconds(summary.loop_lag.p99)
    return f"arrivals late by p99 {late} ms, loop lag p99 {lag} ms"


def _cost(cost: Cost, users: int) -> str:
    each = f" ({cost.cpu_seconds / users * 1e6:,.0f} µs a user)" if users else ""
    return f"{cost.cpu_seconds:,.1f} s of CPU{each}, {memory(cost.peak_rss)} at most"


def _threshold(crossing: Crossing) -> Text:
    """A threshold with the figure that kept or crossed it."""
    if crossing.value is None:
        figure = "nothing measured"
    elif crossing.unit == "s":
        figure = f"{in_milliseconds(crossing.value)} ms"
    else:
        figure = f"{crossing.value:,g}{crossing.unit}"
    word, style = ("kept", "green") if crossing.kept else ("CROSSED", "bold red")
    return Text(f"{crossing.threshold}  ").append(word, style=style).append(f" ({figure})")


def _print_verdict(summary: RunSummary, console: Console) -> None:
    verdict = summary.verdict
    style = _COLOURS[verdict.status]
    reasons = Table.grid(padding=(0, 1))
    for reason in verdict.reasons:
        reasons.add_row("·", Text(reason, style=style))
    if verdict.reasons:
        console.print(reasons)
    console.print(Text("verdict      ", style="dim").append(verdict.status, style=f"bold {style}"))
