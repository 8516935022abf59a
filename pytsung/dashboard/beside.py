"""A task that runs beside a block of code, and ends with it.

An error of the block leaves as it is, not in a group: the command line knows errors by
their type. Must not know what runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio


@asynccontextmanager
async def beside(run: Callable[..., Awaitable[Any]], *args: Any) -> AsyncIterator[None]:
    """Run `run(*args)` while the block runs, and cancel it then."""
    failure: Exception | KeyboardInterrupt | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, *args)
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again, below
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
