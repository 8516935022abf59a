"""What the whole test shares out to its users: rows of files, unique ids.

A worker holds a stock of each and orders more before it runs dry; a user that finds
too little waits for the delivery. Must not know who delivers, nor how orders travel.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytsung.control.leases import IDS, Row, Supply, next_row_of, random_row_of

FIRST_ORDER = 16
LARGEST_ORDER = 4096
"""Rows ordered at once: few at first, for others want them too, then twice as many each
time. The storehouse sees to it that nobody gets more than a fair part of what is left."""

SUPPLY_OF_FUNCTION: Mapping[str, Supply] = {
    "ts_msg_server:get_id": IDS,
    "ts_file_server:get_next_line": next_row_of("default"),
    "ts_file_server:get_random_line": random_row_of("default"),
}
"""Which of Tsung's functions draw on a supply."""

Needs = Mapping[Supply, int]
Order = Callable[[Supply, int, bool], None]
"""Asks for so many of a supply; True when a user waits for them."""


class ExhaustedError(Exception):
    """There is nothing to deliver, and never will be: an empty file."""


@dataclass(slots=True)
class _Stock:
    """What is here of one supply, and whether more is on its way."""

    rows: deque[Row] = field(default_factory=deque)
    order_size: int = FIRST_ORDER
    is_ordered: bool = False
    is_urgent: bool = False
    is_exhausted: bool = False


class Supplies:
    """The stock of one worker; `order(supply, count)` asks for more."""

    def __init__(self, order: Order | None = None) -> None:
        self._order = order
        self._stocks: dict[Supply, _Stock] = {}

    def prepare(self, supplies: Iterable[Supply]) -> None:
        """Order what will be needed, before anybody waits for it."""
        for supply in supplies:
            stock = self._stock(supply)
            if not stock.is_ordered and not stock.rows:
                self._restock(supply, stock)

    def lacking(self, needs: Needs) -> Supply | None:
        """A supply of which there is too little here; more of it is on its way.

        Raises ExhaustedError when no more will come.
        """
        for supply, count in needs.items():
            stock = self._stock(supply)
            if len(stock.rows) < count:
                if stock.is_exhausted:
                    raise ExhaustedError(supply.name)
                if not (stock.is_ordered and stock.is_urgent):
                    self._restock(supply, stock, count, is_urgent=True)
                return supply
        return None

    def take(self, supply: Supply) -> str:
        """The next of a supply, of which there is enough here."""
        stock = self._stocks[supply]
        row = stock.rows.popleft()
        if len(stock.rows) < stock.order_size // 2 and not stock.is_ordered:
            self._restock(supply, stock)
        return row.text

    def delivered(self, supply: Supply, rows: Sequence[Row]) -> None:
        """A delivery has come; an empty one means that there is nothing to be had."""
        stock = self._stock(supply)
        stock.order_size = min(2 * stock.order_size, LARGEST_ORDER)
        stock.is_ordered = stock.is_urgent = False
        stock.is_exhausted = not rows
        stock.rows.extend(rows)

    def recalled(self, supply: Supply) -> list[Row]:
        """Give back what is left of a supply: others are waiting for it."""
        stock = self._stock(supply)
        rows = list(stock.rows)
        stock.rows.clear()
        stock.is_ordered = stock.is_urgent = False
        stock.order_size = FIRST_ORDER
        return rows

    def known(self) -> list[Supply]:
        """The supplies of which some was ordered, and more may be on its way.

        A stock does not say: an urgent order may have followed one that was not, and
        the first delivery ends the waiting for both.
        """
        return list(self._stocks)

    def everything(self) -> dict[Supply, list[Row]]:
        """Give back all that is left, for this worker needs no more."""
        return {supply: self.recalled(supply) for supply in self._stocks}

    def _stock(self, supply: Supply) -> _Stock:
        stock = self._stocks.get(supply)
        if stock is None:
            stock = self._stocks[supply] = _Stock()
        return stock

    def _restock(
        self, supply: Supply, stock: _Stock, least: int = 1, *, is_urgent: bool = False
    ) -> None:
        if self._order is not None and not stock.is_exhausted:
            stock.is_ordered = True
            stock.is_urgent = is_urgent
            self._order(supply, max(stock.order_size, least), is_urgent)


def needs_of(functions: Iterable[str]) -> Needs | None:
    """What calling these functions takes from supplies; None if nothing."""
    supplies = (SUPPLY_OF_FUNCTION.get(function) for function in functions)
    needs = Counter(supply for supply in supplies if supply is not None)
    return needs or None
