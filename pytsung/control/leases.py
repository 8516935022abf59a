"""What the whole test shares out, and by which rules: rows of files, unique ids.

The controller alone holds a file. A worker orders rows in blocks, and gives back
what it has left when it ends or when others wait for it, so that each row of a file
is used once, in the file's order as far as workers agree on one, before any is used
again. Must not know streams or files: lines are handed in, deliveries come out.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Union

FAST_PASS = 1.0
"""Seconds. A file used up faster than that is shared out without looking who has rows
left: its rows come back within a second anyway, and every user would wait for it."""


class SupplyKind(enum.Enum):
    """What is shared out."""

    IDS = "ids"  # 1, 2, 3…
    NEXT_ROWS = "next"  # each row of a file in turn, then from the beginning
    RANDOM_ROWS = "random"  # any row of a file


@dataclass(frozen=True, slots=True)
class Supply:
    """One thing that is shared out; `name` is the file's."""

    kind: SupplyKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One of a supply: its number from 0, and its text."""

    number: int
    text: str


IDS = Supply(SupplyKind.IDS)


def next_row_of(name: str) -> Supply:
    """The rows of a file, one after the other."""
    return Supply(SupplyKind.NEXT_ROWS, name)


def random_row_of(name: str) -> Supply:
    """Rows of a file, drawn at random."""
    return Supply(SupplyKind.RANDOM_ROWS, name)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows for a holder. None at all: there never will be any."""

    holder: Hashable
    supply: Supply
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """A holder is to give back what it has left, and to order anew if it needs any."""

    holder: Hashable
    supply: Supply


Parcel = Union[Delivery, Recall]  # noqa: UP007 - read at run time, on Python 3.10 too


class Storehouse:
    """Shares out all supplies of a test among `workers` workers.

    Args:
        files: the lines of each file, by its name.
        random: draws random rows.
    """

    def __init__(self, files: Mapping[str, Sequence[str]], workers: int, random: Random) -> None:
        self._files = files
        self._workers = workers
        self._random = random
        self._next_id = 1
        self._in_order: dict[Supply, _RowsInOrder] = {}

    def ordered(
        self, holder: Hashable, supply: Supply, count: int, *, is_urgent: bool, now: float
    ) -> list[Parcel]:
        """A holder orders `count` of a supply; urgent is what a user waits for.

        An order of none takes back the one before, and is answered with none: whatever
        was delivered before that is the last.
        """
        if supply.kind is SupplyKind.NEXT_ROWS and self._files.get(supply.name):
            rows = self._rows_in_order(supply)
            return list(rows.ordered(holder, count, is_urgent=is_urgent, now=now))
        return [Delivery(holder, supply, tuple(self._drawn(supply, count)))]

    def returned(
        self, holder: Hashable, supply: Supply, numbers: Iterable[int], now: float
    ) -> list[Parcel]:
        """A holder gives back rows that nobody has used."""
        rows = self._in_order.get(supply)
        return list(rows.returned(holder, numbers, now)) if rows is not None else []

    def left(self, holder: Hashable, now: float) -> list[Parcel]:
        """A holder is gone; what it had and did not give back counts as used."""
        return [parcel for rows in self._in_order.values() for parcel in rows.left(holder, now)]

    def _rows_in_order(self, supply: Supply) -> _RowsInOrder:
        rows = self._in_order.get(supply)
        if rows is None:
            lines = self._files[supply.name]
            rows = self._in_order[supply] = _RowsInOrder(supply, lines, self._workers)
        return rows

    def _drawn(self, supply: Supply, count: int) -> Iterator[Row]:
        if supply.kind is SupplyKind.IDS:
            first = self._next_id
            self._next_id += count
            yield from (Row(number, str(number)) for number in range(first, first + count))
            return
        lines = self._files.get(supply.name) or ()
        for _ in range(count if lines else 0):
            number = self._random.randrange(len(lines))
            yield Row(number, lines[number])


@dataclass(slots=True)
class _Order:
    count: int
    is_urgent: bool


@dataclass(slots=True)
class _RowsInOrder:
    """One file, pass after pass.

    Blocks shrink towards the end of a pass, so that little is left lying about. What
    is left is recalled before the next pass begins, as long as anybody may have some.
    """

    supply: Supply
    lines: Sequence[str]
    workers: int
    next: int = 0
    pass_began: float | None = None
    is_fast: bool = False
    given_back: deque[int] = field(default_factory=deque)
    holders: set[Hashable] = field(default_factory=set)
    recalling: set[Hashable] = field(default_factory=set)
    orders: dict[Hashable, _Order] = field(default_factory=dict)

    def ordered(
        self, holder: Hashable, count: int, *, is_urgent: bool, now: float
    ) -> Iterator[Parcel]:
        if not count:  # it needs no more: what it was promised before is on its way already
            self.orders.pop(holder, None)
            yield Delivery(holder, self.supply, ())
            return
        if self.pass_began is None:
            self.pass_began = now
        self.orders[holder] = _Order(count, is_urgent)
        yield from self._serve(now)

    def returned(self, holder: Hashable, numbers: Iterable[int], now: float) -> Iterator[Parcel]:
        self.given_back.extend(numbers)
        self.holders.discard(holder)
        if holder in self.recalling:
            self.recalling.discard(holder)
            self.orders.pop(holder, None)  # it orders anew
        yield from self._serve(now)

    def left(self, holder: Hashable, now: float) -> Iterator[Parcel]:
        self.orders.pop(holder, None)
        self.holders.discard(holder)
        self.recalling.discard(holder)
        yield from self._serve(now)

    @property
    def _available(self) -> int:
        return len(self.given_back) + len(self.lines) - self.next

    def _serve(self, now: float) -> Iterator[Parcel]:
        """Deliver what can be delivered; recall what is left, or begin anew, when all is out."""
        while self.orders and not self.recalling:
            if not self._available:
                if not any(order.is_urgent for order in self.orders.values()):
                    return  # nobody waits: whoever comes next may find rows given back
                if self.holders and not self.is_fast:
                    self.recalling, self.holders = self.holders, set()
                    yield from (
                        Recall(each, self.supply) for each in sorted(self.recalling, key=str)
                    )
                    return
                self._begin_pass(now)
            holder = self._first()
            order = self.orders.pop(holder)
            self.holders.add(holder)
            yield Delivery(holder, self.supply, tuple(self._block(order.count, now)))

    def _first(self) -> Hashable:
        """Who is served next: those with users waiting, then first come, first served."""
        return min(self.orders, key=lambda holder: not self.orders[holder].is_urgent)

    def _begin_pass(self, now: float) -> None:
        assert self.pass_began is not None
        self.is_fast = now - self.pass_began < FAST_PASS
        self.pass_began = now
        self.next = 0
        self.holders.clear()

    def _block(self, count: int, now: float) -> Iterator[Row]:
        """So many rows, or a fair part of what is left of the pass."""
        if not self.is_fast:
            count = min(count, max(1, self._available // (2 * self.workers)))
        for _ in range(count):
            if not self._available:
                self._begin_pass(now)
            number = self.given_back.popleft() if self.given_back else self._step()
            yield Row(number, self.lines[number])

    def _step(self) -> int:
        self.next += 1
        return self.next - 1
