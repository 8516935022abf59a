"""Figures sent away while a run lasts: every few seconds, and once more at its end.

A receiver that is slow, or gone, costs the run nothing but a line on the terminal.
Must not know what is sent, nor how.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import trio

from pytsung.errors import PytsungError

EVERY = 10.0
"""Seconds between two deliveries: as often as Prometheus usually comes."""

LAST_PATIENCE = 5.0
"""Seconds that the end of a run waits for the last delivery."""


class ExportError(PytsungError):
    """A receiver did not take what it was sent."""


class Export(Protocol):
    """Something to be sent: collected between two turns of the run, delivered beside it."""

    def collect(self) -> Callable[[], None]:
        """What delivers the figures as they are now; to be called in a thread.

        It raises ExportError when they are not taken.
        """
        ...


@asynccontextmanager
async def exporting(
    export: Export, say: Callable[[str], None], *, every: float = EVERY
) -> AsyncIterator[None]:
    """Deliver while the block runs, and at its end. The first failure in a row is said."""
    failed = False

    async def deliver() -> None:
        nonlocal failed
        try:
            await trio.to_thread.run_sync(export.collect(), abandon_on_cancel=True)
            failed = False
        except ExportError as error:
            if not failed:
                say(str(error))
            failed = True

    async def deliver_often() -> None:
        while True:
            await trio.sleep(every)
            await deliver()

    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliver_often)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again, outside the nursery
            failure = error
        nursery.cancel_scope.cancel()
    with trio.move_on_after(LAST_PATIENCE, shield=True) as scope:
        await deliver()
    if scope.cancelled_caught and not failed:
        say(f"the last figures were not taken within {LAST_PATIENCE:.0f} s")
    if failure is not None:
        raise failure
