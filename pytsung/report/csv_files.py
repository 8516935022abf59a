"""`csv/*.csv`: every series of a run for spreadsheets, a line for each window of time.

Comma separated, a head line, points as decimal marks, seconds and bytes; an empty
cell where nothing was measured. Must not know charts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytsung.report.record import RunRecord, ordered
from pytsung.report.windows import PERCENTS, Figures, Window

_SAMPLE_HEADS = (
    "count",
    "mean",
    "stddev",
    "min",
    "max",
    *(f"p{percent:g}" for percent in PERCENTS),
)

Cell = float | str


def write_csv(directory: Path, record: RunRecord) -> None:
    """Write `users.csv`, `counters.csv`, a file for each sample, agent and host metric."""
    folder = directory / "csv"
    folder.mkdir(exist_ok=True)
    _write(
        folder / "users.csv",
        ("end", "users", "connected", "started", "finished"),
        ((w.end, w.users, w.connected, w.started, w.finished) for w in record.windows),
    )
    names = sorted({name for window in record.windows for name in window.counters})
    if names:
        _write(folder / "counters.csv", ("end", *names), _counters(record.windows, names))
    for name in ordered({name: 0 for w in record.windows for name in w.samples}):
        rows = ((w.end, *_figures(w.samples.get(name))) for w in record.windows)
        _write(folder / f"{_file_name(name)}.csv", ("end", *_SAMPLE_HEADS), rows)
    for agent in record.agents:
        heads = ("start", "lateness_p99", "loop_lag_p99", "worker_cpu")
        health = ((h.at, h.lateness, h.loop_lag, h.worker_cpu) for h in agent.health)
        _write(folder / f"agent-{_file_name(agent.host)}.csv", heads, health)
    for reading in record.hosts:
        path = folder / f"host-{_file_name(reading.host)}-{_file_name(reading.metric)}.csv"
        _write(path, ("end", reading.metric), zip(reading.times, reading.values, strict=True))


def _counters(windows: Sequence[Window], names: Sequence[str]) -> Iterable[Sequence[Cell]]:
    return ((w.end, *(w.counters.get(name, 0) for name in names)) for w in windows)


def _figures(figures: Figures | None) -> Sequence[Cell]:
    if figures is None:
        return (0, *[""] * (len(_SAMPLE_HEADS) - 1))
    percentiles = figures.percentiles or [""] * len(PERCENTS)
    extremes = (figures.minimum, figures.maximum)
    return (figures.count, figures.mean, figures.deviation, *extremes, *percentiles)


def _file_name(name: str) -> str:
    return "".join(character if character not in "/\\\0" else "_" for character in name)


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows([_spelled(cell) for cell in row] for row in rows)


def _spelled(cell: Cell) -> str:
    return cell if isinstance(cell, str) else f"{cell:.9g}"
