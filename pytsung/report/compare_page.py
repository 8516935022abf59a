"""`compare.html`: runs side by side, with their curves laid over each other.

Must not know how differences are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pytsung.report import words
from pytsung.report.chart import Chart, Series
from pytsung.report.charts import COLOURS
from pytsung.report.comparison import Comparison, Row
from pytsung.report.headline import SIGNS
from pytsung.report.page import environment, page_parts
from pytsung.report.record import RunRecord, ordered
from pytsung.report.windows import PERCENTS, Window

COMPARE = "compare.html"


def letters(runs: Sequence[RunRecord]) -> list[str]:
    """A, B, C … for runs, in their order."""
    return [chr(ord("A") + n) if n < 26 else str(n + 1) for n in range(len(runs))]


def cells(row: Row) -> list[str]:
    """A row of the table: name, both figures, ratio with its margin, verdict."""
    is_size = row.name.startswith("size_")
    spell = words.SPELLINGS["bits" if is_size else row.unit]
    figures = [spell(value * 8 if is_size else value) for value in (row.first, row.second)]
    return [f"{row.name} {row.word}", *figures, _change(row), row.verdict]


def _change(row: Row) -> str:
    """The change in a typical second, and the range it is in but for chance."""
    found = row.difference
    if not found.is_known:
        return "–"
    if found.ratio == float("inf"):
        return "new"
    low, high = ((bound - 1) * 100 for bound in (found.low, found.high))
    if high - low > 1000:
        return f"{(found.ratio - 1) * 100:+.1f} %"
    return f"{(found.ratio - 1) * 100:+.1f} % ({low:+.0f} to {high:+.0f})"


def comparison_text(runs: Sequence[RunRecord], comparisons: Sequence[Comparison]) -> str:
    """The comparison for a terminal."""
    names = letters(runs)
    lines = [
        f"{name}  {run.name}: {run.status}, {run.summary.plan.sentence}"
        for name, run in zip(names, runs, strict=True)
    ]
    for name, comparison in zip(names[1:], comparisons, strict=True):
        table = [
            ["", "A", name, "change in a typical second", ""],
            *(cells(row) for row in comparison.rows),
        ]
        widths = [max(len(line[n]) for line in table) for n in range(4)]
        lines += ["", *(_aligned(line, widths) for line in table), ""]
        lines.append(f"{name} against A: {comparison.result}")
    return "\n".join(lines) + "\n"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures, verdict = line
    aligned = (text.rjust(width) for text, width in zip(figures, widths[1:], strict=True))
    return "  ".join([name.ljust(widths[0]), *aligned, verdict]).rstrip()


def write_comparison(
    directory: Path, runs: Sequence[RunRecord], comparisons: Sequence[Comparison]
) -> Path:
    """Write the page into `directory`, and give its path."""
    directory.mkdir(parents=True, exist_ok=True)
    names = letters(runs)
    tables = [
        (name, comparison, [cells(row) for row in comparison.rows])
        for name, comparison in zip(names[1:], comparisons, strict=True)
    ]
    page = (
        environment()
        .get_template("compare.html.jinja")
        .render(
            page_parts(),
            runs=list(zip(names, runs, strict=True)),
            tables=tables,
            signs=SIGNS,
            charts=[chart for chart in _charts(runs, names) if not chart.is_empty],
        )
    )
    path = directory / COMPARE
    path.write_text(page, encoding="utf-8")
    return path


def _charts(runs: Sequence[RunRecord], names: Sequence[str]) -> list[Chart]:
    charts = [
        _overlaid(runs, names, "users", "Users", "count", lambda w: w.users),
        _overlaid(runs, names, "connected", "Open connections", "count", lambda w: w.connected),
    ]
    for name in ordered({name: 0 for run in runs for name in run.summary.samples}):
        charts.append(
            _overlaid(runs, names, f"{name}-rate", f"{name} per second", "rate", _rate(name))
        )
        charts.append(_overlaid(runs, names, f"{name}-mean", f"{name}: mean", "time", _mean(name)))
        if all(run.is_ours for run in runs):
            take = _percentile(name)
            charts.append(_overlaid(runs, names, f"{name}-p95", f"{name}: p95", "time", take))
    return charts


def _overlaid(
    runs: Sequence[RunRecord],
    names: Sequence[str],
    key: str,
    title: str,
    unit: str,
    take: Callable[[Window], float | None],
) -> Chart:
    longest = max(runs, key=lambda run: len(run.windows))
    times = [window.end for window in longest.windows]
    series = []
    for n, (name, run) in enumerate(zip(names, runs, strict=True)):
        values = [take(window) for window in run.windows]
        values += [None] * (len(times) - len(values))
        series.append(Series(f"{name} {run.name}", values, f"c{n % COLOURS + 1}"))
    return Chart(key, title, unit, times, max(times, default=1.0), series)


def _rate(name: str) -> Callable[[Window], float | None]:
    return lambda w: w.samples[name].count / w.seconds if name in w.samples else 0.0


def _mean(name: str) -> Callable[[Window], float | None]:
    return lambda w: w.samples[name].mean if name in w.samples else None


def _percentile(name: str) -> Callable[[Window], float | None]:
    n = PERCENTS.index(95.0)
    return lambda w: w.samples[name].percentiles[n] if name in w.samples else None
