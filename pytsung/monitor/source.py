"""What all ways of asking a host have in common.

Must not know any of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pytsung.errors import PytsungError
from pytsung.stats.readings import Reading

Look = Callable[[], Awaitable[Sequence[Reading]]]
"""Reads a host once. Raises MonitorError."""

Complain = Callable[[str], None]
"""Hears of figures that a host does not have; the same may be said again and again."""


class MonitorError(PytsungError):
    """A host's figures cannot be read; the text has what and the cure, not which host."""


class Source(Protocol):
    """A way to read one host."""

    def open(self, complain: Complain) -> AbstractAsyncContextManager[Look]:
        """Reach the host, within a time of its own; leaving the context lets go of it.

        Raises MonitorError.
        """
        ...
