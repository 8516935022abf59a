"""The first screen of a report: the figures that people ask for first, in a few words each.

Must not know HTML.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.logdir.summary import SampleFigures
from pytsung.report import words
from pytsung.report.record import INCOMPLETE, RunRecord

SENTENCES = {
    "clean": "The load generator kept its word: the figures can be believed.",
    "degraded": "Some figures are less exact than they look; the reasons are below.",
    "invalid": "These figures cannot be believed; the reasons are below.",
    INCOMPLETE: "The run was cut off. What it measured until then is here.",
    "not judged": "Tsung ran this test; it does not say whether its own load was as planned.",
}
"""What each verdict means, for somebody who reads their first report."""

SIGNS = {"clean": "✓", "degraded": "!", "invalid": "✕", INCOMPLETE: "…", "not judged": "?"}
"""A sign beside each, so that colour alone says nothing."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure, or several that belong together; `note` puts it into proportion."""

    label: str
    value: str = ""
    note: str = ""
    style: str = ""
    parts: tuple[tuple[str, str], ...] = ()


def tiles(record: RunRecord) -> list[Tile]:
    """The headline figures of a run."""
    rate, *times = _requests(record)
    found = [_users(record), _connections(record), rate, _errors(record), *times]
    if record.is_ours:
        found += _generator(record)
    return found


def _users(record: RunRecord) -> Tile:
    users = record.summary.users
    notes = [f"peak {users.peak:,}", f"in {words.clock(record.duration)}"]
    for count, word in (
        (users.open, "open"),
        (users.lost, "lost"),
        (users.not_started, "not started"),
        (users.dropped, "dropped at a phase's end"),
    ):
        notes += [f"{count:,} {word}"] if count else []
    return Tile("Users", f"{users.started:,}", ", ".join(notes))


def _connections(record: RunRecord) -> Tile:
    connections = record.summary.connections
    seen = "" if record.is_ours else "at a block's end; "
    return Tile(
        "Connected at once", f"{connections.peak:,}", f"{seen}{connections.opened:,} opened"
    )


def main_samples(record: RunRecord) -> tuple[str, SampleFigures] | None:
    """The statistic that a run is about: its requests, or its connects."""
    for name in ("request", "connect", "page", "session"):
        if name in record.summary.samples:
            return name, record.summary.samples[name]
    return next(iter(record.summary.samples.items()), None)


def _requests(record: RunRecord) -> list[Tile]:
    main = main_samples(record)
    if main is None:
        return [Tile("Requests", "none", "nothing was answered")]
    name, figures = main
    rates = [
        window.samples[name].count / window.seconds if name in window.samples else 0.0
        for window in record.windows
    ]
    rate = figures.count / record.duration if record.duration else 0.0
    found = [
        Tile(
            f"{name.capitalize()}s per second",
            words.count(round(rate, 1)),
            f"peak {words.count(round(max(rates, default=0.0), 1))}; {figures.count:,} in all",
        )
    ]
    if not record.is_ours:
        return [*found, Tile(f"{name.capitalize()}, mean", words.time(figures.mean))]
    extremes = f"max {words.time(figures.max)}, p99.9 {words.time(figures.p99_9)}"
    percentiles = (("p50", figures.p50), ("p95", figures.p95), ("p99", figures.p99))
    return [
        *found,
        Tile(
            f"{name.capitalize()} time",
            note=f"mean {words.time(figures.mean)}, p90 {words.time(figures.p90)}, {extremes}",
            parts=tuple((label, words.time(value)) for label, value in percentiles),
        ),
    ]


def _errors(record: RunRecord) -> Tile:
    errors = record.summary.errors
    count = sum(errors.values())
    if not count:
        return Tile("Errors", "none", style="good")
    name, most = next(iter(errors.items()))
    return Tile("Errors", f"{count:,}", f"{most:,} {name}", style="bad")


def _generator(record: RunRecord) -> list[Tile]:
    summary = record.summary
    late = words.time(summary.lateness.p99)
    lag = words.time(summary.loop_lag.p99)
    found = [Tile("Arrivals late by", late, f"p99; loop lag {lag}")]
    cost = summary.cost
    if cost.cpu_seconds:
        users = summary.users.started
        each = f"{cost.cpu_seconds / users * 1e6:,.0f} µs a user, " if users else ""
        found.append(
            Tile(
                "Cost of the load",
                f"{words.digits(cost.cpu_seconds)} s CPU",
                f"{each}{words.size(cost.peak_rss)} at most",
            )
        )
    return found
