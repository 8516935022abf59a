"""Figures are sent away beside a run, and a receiver that fails must not be felt there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import trio
import trio.testing

from pytsung.dashboard.export import ExportError, exporting


class Deliveries:
    """Counts what was collected and delivered; fails while `fails` is set."""

    def __init__(self) -> None:
        self.delivered: list[int] = []
        self.collected = 0
        self.fails = False

    def collect(self) -> Callable[[], None]:
        self.collected += 1
        number = self.collected

        def deliver() -> None:
            if self.fails:
                raise ExportError("nobody there")
            self.delivered.append(number)

        return deliver


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    trio.run(body, clock=trio.testing.MockClock(autojump_threshold=0.02))


def test_figures_are_delivered_often_and_once_more_at_the_end() -> None:
    """The last seconds of a test are in the picture, too."""
    deliveries, said = Deliveries(), list[str]()

    async def body() -> None:
        async with exporting(deliveries, said.append, every=10):
            await trio.sleep(25)

    run(body)
    assert deliveries.delivered == [1, 2, 3]
    assert said == []


def test_a_receiver_that_fails_is_told_of_once_in_a_row() -> None:
    """A line every ten seconds would bury everything else that is said."""
    deliveries, said = Deliveries(), list[str]()

    async def body() -> None:
        async with exporting(deliveries, said.append, every=10):
            deliveries.fails = True
            await trio.sleep(35)
            deliveries.fails = False
            await trio.sleep(10)
            deliveries.fails = True

    run(body)
    assert said == ["nobody there"] * 2


def test_an_error_of_the_run_is_still_itself() -> None:
    """And the last figures go out all the same."""
    deliveries = Deliveries()

    async def body() -> None:
        async with exporting(deliveries, print, every=10):
            raise LookupError

    with pytest.raises(LookupError):
        run(body)
    assert deliveries.delivered == [1]
