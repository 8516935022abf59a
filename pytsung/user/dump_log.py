"""What users leave behind for `dumptraffic`, gathered into batches.

Must not know what an entry says, nor how batches travel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Entry = TypeVar("Entry")

MOST_ENTRIES = 500
MOST_BYTES = 256 * 1024
"""A batch is handed over when it holds as much: a message of it takes milliseconds, not more."""


class DumpLog(Generic[Entry]):
    """Gathers entries; `deliver` is given each full batch, and says whether it took it.

    `origin` is the test's start on the users' clock. `lost` counts entries of batches
    that were not taken: those who ask for every byte must learn which they did not get.
    """

    __slots__ = ("_deliver", "_entries", "_size", "lost", "origin")

    def __init__(self, deliver: Callable[[tuple[Entry, ...]], bool]) -> None:
        self.origin = 0.0
        self.lost = 0
        self._deliver = deliver
        self._entries: list[Entry] = []
        self._size = 0

    def note(self, entry: Entry, size: int = 0) -> None:
        """Keep an entry that takes about `size` bytes besides itself."""
        self._entries.append(entry)
        self._size += size
        if len(self._entries) >= MOST_ENTRIES or self._size >= MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand over what has gathered."""
        if not self._entries:
            return
        entries, self._entries = tuple(self._entries), []
        self._size = 0
        if not self._deliver(entries):
            self.lost += len(entries)
