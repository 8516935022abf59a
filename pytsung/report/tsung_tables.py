"""The tables of Tsung's report, from all blocks of a test: the first and the last one, too.

`tsung_stats.pl` leaves the first block out of its highest and lowest figures, and
the last one out of means and counts; a test holds every cell against that tool.
Must not know pages.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.logdir.blocks import Blocks, CounterLine, Line, SampleLine
from pytsung.report.tsung_data import is_counted
from pytsung.report.tsung_groups import category, plain_name


@dataclass(frozen=True, slots=True)
class TsungRow:
    """One statistic over all blocks.

    Rates are per second; means are Tsung's milliseconds, or a host's own unit.
    `mean_rate` divides the whole amount by the whole time. `highest` of a counter
    is its total, of a level its maximum. `count` is how many samples there were.
    """

    name: str
    category: str
    highest: float
    lowest: float
    highest_rate: float
    mean_rate: float
    mean: float
    count: int


def table_rows(blocks: Blocks) -> list[TsungRow]:
    """A row for each statistic, by name."""
    found: dict[str, list[tuple[float, Line]]] = {}
    for block in blocks.blocks:
        for name, line in block.lines.items():
            plain = plain_name(name)
            if is_counted(plain, line):
                found.setdefault(plain, []).append((block.seconds, line))
    time = sum(block.seconds for block in blocks.blocks)
    return [_row(plain, found[plain], time) for plain in sorted(found)]


def _row(plain: str, lines: list[tuple[float, Line]], time: float) -> TsungRow:
    samples = [(seconds, line) for seconds, line in lines if isinstance(line, SampleLine)]
    if samples:
        return _sample_row(plain, samples, time)
    counters = [(seconds, line) for seconds, line in lines if isinstance(line, CounterLine)]
    totals = [line.total for _, line in counters]
    rates = [line.value / seconds for seconds, line in counters]
    whole = sum(line.value for _, line in counters)
    return TsungRow(
        plain, category(plain), max(totals), min(totals), max(rates), whole / time, 0.0, 0
    )


def _sample_row(plain: str, lines: list[tuple[float, SampleLine]], time: float) -> TsungRow:
    means = [line.mean for _, line in lines if line.count] or [0.0]
    count = sum(line.count for _, line in lines)
    mean = sum(line.count * line.mean for _, line in lines) / count if count else 0.0
    rates = [line.count / seconds for seconds, line in lines]
    return TsungRow(
        plain, category(plain), max(means), min(means), max(rates), count / time, mean, count
    )
