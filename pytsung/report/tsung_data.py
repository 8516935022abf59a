"""`data/NAME.txt`, as spreadsheets and plotters know them from Tsung: a line for each block.

The first column is Tsung's clock: 0 at the end of the first block. Rates divide by
the time that the block really took, where Tsung divides all by the first one's;
the second column of `size_…` is the amount so far, which Tsung divides, too. Must
not know graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytsung.logdir.blocks import Block, Blocks, CounterLine, Line, SampleLine
from pytsung.report.tsung_groups import category, plain_name

Row = tuple[float, ...]

_KILOBIT = 1024 / 8
_WILD_CPU = 3200.0
"""Percent above which Tsung takes a reading of the processor for an accident."""


def data_rows(blocks: Blocks) -> dict[str, list[Row]]:
    """The rows of each statistic by its plain name; a statistic without one is left out."""
    first = blocks.blocks[0].at if blocks.blocks else 0.0
    found: dict[str, list[Row]] = {}
    for block in blocks.blocks:
        for name, line in block.lines.items():
            plain = plain_name(name)
            if is_counted(plain, line):
                found.setdefault(plain, []).append(_row(plain, line, block, block.at - first))
    return dict(sorted(found.items()))


def is_counted(plain: str, line: Line) -> bool:
    """Whether a line says something: readings of hosts that did not come are passed over."""
    if not isinstance(line, SampleLine) or not category(plain).startswith("os_mon"):
        return True
    return bool(line.count) and not (plain.startswith("cpu:") and line.mean > _WILD_CPU)


def _row(plain: str, line: Line, block: Block, time: float) -> Row:
    if isinstance(line, SampleLine):
        before = (line.mean_before, line.count_before)
        times = (line.mean, line.deviation, line.maximum, line.minimum)
        return (time, line.count / block.seconds, *times, *before)
    return (time, *_counter(plain, line, block.seconds))


def _counter(plain: str, line: CounterLine, seconds: float) -> tuple[float, float]:
    if plain == "users":
        return line.value, line.total
    if plain == "connected" or plain.startswith("job_"):
        return line.total, line.value
    if category(plain) == "network":
        return line.value / _KILOBIT / seconds, line.total / _KILOBIT
    return line.value / seconds, line.total


def write_data(directory: Path, rows: dict[str, list[Row]]) -> None:
    """Write the files into `directory/data`."""
    folder = directory / "data"
    folder.mkdir(exist_ok=True)
    for plain, lines in rows.items():
        text = "".join(_text(line) + "\n" for line in lines)
        (folder / f"{plain}.txt").write_text(text, encoding="utf-8")


def _text(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.15g}" for number in numbers)
