"""Tsung's statistics as they are read back: blocks of lines, of Tsung or of ours.

Figures keep Tsung's units (milliseconds, bytes). Must not know files, nor whether a
block was written as text or as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

REGULAR = 10.0
"""Seconds between two blocks of Tsung; what the first one is taken to last when nothing says."""


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A long line: what the block's samples come to, and the mean of all blocks before.

    `maximum` and `minimum` are those since the start of the test, as Tsung keeps them.
    """

    count: int
    mean: float
    deviation: float
    maximum: float
    minimum: float
    mean_before: float = 0.0
    count_before: int = 0

    def joined(self, later: SampleLine) -> SampleLine:
        """This line and one that follows it, as one block would have written them."""
        count = self.count + later.count
        if not count:
            return self
        mean = (self.count * self.mean + later.count * later.mean) / count
        squares = sum(
            line.count * (line.deviation**2 + (line.mean - mean) ** 2) for line in (self, later)
        )
        extremes = (max(self.maximum, later.maximum), min(self.minimum, later.minimum))
        deviation = math.sqrt(squares / count)
        return SampleLine(count, mean, deviation, *extremes, self.mean_before, self.count_before)


@dataclass(frozen=True, slots=True)
class CounterLine:
    """A short line: how much in the block, and how much since the start.

    Of `users` the first is the level and the second its highest so far; of
    `connected` the first is the change and the second the level.
    """

    value: float
    total: float


Line = SampleLine | CounterLine


@dataclass(slots=True)
class Block:
    """All statistics of one stretch of time; it ended at `at` (Unix time) and lasted `seconds`."""

    at: float
    seconds: float = 0.0
    lines: dict[str, Line] = field(default_factory=dict)

    def add(self, name: str, line: Line) -> None:
        """Take in a line. Tsung may write a counter twice (`match`): the two add up."""
        known = self.lines.get(name)
        if isinstance(known, CounterLine) and isinstance(line, CounterLine):
            line = CounterLine(known.value + line.value, known.total + line.total)
        self.lines[name] = line

    def counter(self, name: str) -> CounterLine:
        """A short line; zeros when there is none."""
        line = self.lines.get(name)
        return line if isinstance(line, CounterLine) else CounterLine(0, 0)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A test's blocks in order. `is_complete`: the end was written, not cut off.

    `started` is the Unix time of the test's start, as well as it is known.
    """

    blocks: Sequence[Block]
    started: float
    is_complete: bool

    def names(self) -> list[str]:
        """Every statistic that is in any block, by name."""
        return sorted({name for block in self.blocks for name in block.lines})


def arrange(blocks: Iterable[Block], started: float | None, *, is_complete: bool) -> Blocks:
    """Give each block its length, from the one before it; and join those that took no time.

    Tsung's text never says when a test started: the first block then counts as a
    regular one. Its last two blocks may carry the same second, and a second run
    of the same minute goes on in the same file: time never runs backwards here.
    """
    arranged: list[Block] = []
    for block in blocks:
        before = arranged[-1].at if arranged else started
        if before is None:
            started = before = block.at - REGULAR
        block.seconds = block.at - before
        if block.seconds > 0:
            arranged.append(block)
        elif arranged:
            _join(arranged[-1], block)
    return Blocks(arranged, started or 0.0, is_complete)


def _join(block: Block, later: Block) -> None:
    for name, line in later.lines.items():
        known = block.lines.get(name)
        if known is None:
            block.lines[name] = line
        elif isinstance(line, SampleLine) and isinstance(known, SampleLine):
            block.lines[name] = known.joined(line)
        elif isinstance(line, CounterLine) and isinstance(known, CounterLine):
            level = name == "users"
            value = line.value if level else known.value + line.value
            block.lines[name] = CounterLine(value, line.total)
