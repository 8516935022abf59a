"""A signal while a run is put away: what is left to do is cut short, not the result.

While users are there the run itself heeds signals; this is for before and after.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import trio


@contextmanager
def hurried_by_signals(scope: trio.CancelScope) -> Iterator[None]:
    """Let SIGINT and SIGTERM cancel `scope`; whoever takes signals within goes first."""
    token = trio.lowlevel.current_trio_token()

    def hurry(_number: int, _frame: FrameType | None) -> None:
        token.run_sync_soon(scope.cancel)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, hurry) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
