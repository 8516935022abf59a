"""The tables of Tsung's report page, with its headings, columns and cell formats.

Must not know HTML: a table is a title, heads and rows of text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytsung.report import words
from pytsung.report.tsung_tables import TsungRow


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `key` is the anchor that Tsung's page has for it."""

    key: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


Cell = Callable[[TsungRow], str]

_TIMES: tuple[tuple[str, Cell], ...] = (
    ("highest 10sec mean", lambda row: _time(row.highest)),
    ("lowest 10sec mean", lambda row: _time(row.lowest)),
    ("Highest Rate", lambda row: f"{words.digits(row.highest_rate)} / sec"),
    ("Mean Rate", lambda row: f"{row.mean_rate:.2f} / sec"),
    ("Mean", lambda row: _time(row.mean)),
    ("Count", lambda row: f"{row.count}"),
)
_AMOUNTS: tuple[tuple[str, Cell], ...] = (
    ("Highest Rate", lambda row: f"{words.digits(row.highest_rate)} / sec"),
    ("Mean Rate", lambda row: f"{row.mean_rate:.2f} / sec"),
    ("Total number", lambda row: f"{row.highest:.15g}"),
)
_NETWORK: tuple[tuple[str, Cell], ...] = (
    ("Highest Rate", lambda row: f"{_stepped(row.highest_rate * 8, 'bits', 'bits')}/sec"),
    ("Total", lambda row: _stepped(row.highest, "B", "B")),
)
_LEVELS: tuple[tuple[str, Cell], ...] = (("Max", lambda row: f"{row.highest:.15g}"),)
_HOSTS: tuple[tuple[str, Cell], ...] = (
    ("highest 10sec mean", lambda row: _host(row, row.highest)),
    ("lowest 10sec mean", lambda row: _host(row, row.lowest)),
)
_ERRORS = (_AMOUNTS[0], _AMOUNTS[2])

_TABLES: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, Cell], ...]], ...] = (
    ("stats", "Main Statistics", ("stats",), _TIMES),
    ("transaction", "Transactions Statistics", ("transaction",), _TIMES),
    ("network", "Network Throughput", ("network",), _NETWORK),
    ("count", "Counters Statistics", ("count", "match"), _AMOUNTS),
    ("gauge", "Counters Statistics: highest values", ("gauge",), _LEVELS),
    ("error", "Errors", ("error",), _ERRORS),
    (
        "monitoring",
        "Server monitoring",
        ("os_mon_cpu", "os_mon_free", "os_mon_load", "os_mon_packets", "os_mon_other"),
        _HOSTS,
    ),
    ("http_status", "HTTP return code", ("http_status",), _AMOUNTS),
)


def tsung_sections(rows: Sequence[TsungRow]) -> list[Table]:
    """The tables that have a row."""
    tables = []
    for key, title, categories, columns in _TABLES:
        lines = [
            [row.name, *(cell(row) for _, cell in columns)]
            for row in rows
            if row.category in categories
        ]
        if lines:
            tables.append(Table(key, title, ["Name", *(head for head, _ in columns)], lines))
    return tables


def _time(milliseconds: float) -> str:
    """Tsung's spelling of a time, which grows with it."""
    if not milliseconds:
        return ""
    if milliseconds < 1:
        return f"{milliseconds:.3f} msec"
    if milliseconds < 100:
        return f"{milliseconds:.2f} msec"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.2f} sec"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minute}mn {second:2d} sec"
    return f"{minute}mn {second:2d} sec"


def _stepped(value: float, smallest: str, suffix: str) -> str:
    """Tsung's spelling of an amount: steps of 1024."""
    for unit in (smallest, f"K{suffix}", f"M{suffix}"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == smallest else f"{value:.2f} {unit}"
        value /= 1024
    return f"{value:.2f} G{suffix}"


def _host(row: TsungRow, value: float) -> str:
    unit = {
        "os_mon_cpu": " %",
        "os_mon_free": " MB",
        "os_mon_load": "",
    }.get(row.category, " per reading")
    return f"{value:.2f}{unit}"
