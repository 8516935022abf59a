"""What every worker counts, in memory that the processes of the server share.

A worker counts in plain attributes and publishes them about once a second; only
the number of open connections is in the shared table at all times, because the
limit over all workers depends on it, and so is which workers are full. Must not know
sockets.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Mapping, Sequence

PUBLISHED = (
    "accepted",  # connections taken from the kernel, refused ones too
    "refused",  # closed at once, because of the limit
    "upgrades",  # 101 sent
    "messages",  # text and binary messages received
    "events",  # published events that reached the workers; one counts in each worker
    "deliveries",  # event frames sent to clients
    "slow",  # of the errors: connections whose peer did not read what waited for it
    "errors",  # connections that broke the rules: bad heads, frames, TLS, or too slow
    "resets",  # connections that broke off: reset by the peer, or it was not to be reached
    "bytes_received",  # plaintext, after TLS
    "bytes_sent",
    "peak",  # most connections open at once over all workers, as this one saw it
    "shared_bytes",  # of a worker's resident memory, what belongs to the others; at its end
)

_WORD = 8
_OWN = 2  # columns of the table that are written at once: open connections, and who is full


class Table:
    """The counts of all workers; made before the fork.

    `projects` are those whose connections are counted each by itself, too.
    """

    def __init__(self, workers: int, projects: Sequence[str] = ()) -> None:
        self.workers = workers
        self.projects = tuple(projects)
        columns = _OWN + len(PUBLISHED) + len(projects)
        self._memory = mmap.mmap(-1, columns * workers * _WORD)
        self._words = memoryview(self._memory).cast("q")
        self.open = self._words[:workers]
        self.full = self._words[workers : 2 * workers]
        # Locks of fcntl belong to a process, so workers exclude each other with it.
        self._lock = os.memfd_create("pytsung-server", os.MFD_CLOEXEC)

    def lock(self) -> None:
        """Wait until no other worker holds the lock, then hold it."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)

    def unlock(self) -> None:
        """Let the next worker have the lock."""
        fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def write(self, worker: int, name: str, value: int) -> None:
        """Publish one count of one worker."""
        self._words[(_OWN + PUBLISHED.index(name)) * self.workers + worker] = value

    def read(self, name: str) -> list[int]:
        """One published count, by worker."""
        start = (_OWN + PUBLISHED.index(name)) * self.workers
        return list(self._words[start : start + self.workers])

    def write_project(self, worker: int, project: str, connections: int) -> None:
        """Publish how many connections of one project a worker has."""
        place = _OWN + len(PUBLISHED) + self.projects.index(project)
        self._words[place * self.workers + worker] = connections

    def in_project(self, project: str) -> int:
        """The connections of one project over all workers, a few seconds old."""
        start = (_OWN + len(PUBLISHED) + self.projects.index(project)) * self.workers
        return sum(self._words[start : start + self.workers])

    def totals(self) -> dict[str, int]:
        """Every count over all workers, and `open`."""
        totals = {name: sum(self.read(name)) for name in PUBLISHED if name != "peak"}
        return {"open": sum(self.open), "peak": max(self.read("peak")), **totals}


class Counts:
    """One worker's counts. The attributes are raised by whoever lives the event."""

    __slots__ = (*PUBLISHED, "_table", "_worker")

    def __init__(self, table: Table, worker: int) -> None:
        self._table = table
        self._worker = worker
        self.accepted = 0
        self.refused = 0
        self.upgrades = 0
        self.messages = 0
        self.events = 0
        self.deliveries = 0
        self.slow = 0
        self.errors = 0
        self.resets = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.peak = 0
        self.shared_bytes = 0

    @property
    def open(self) -> int:
        """This worker's connections now."""
        return self._table.open[self._worker]

    @property
    def projects(self) -> tuple[str, ...]:
        """The projects whose connections are counted each by itself."""
        return self._table.projects

    def opened(self) -> None:
        """A connection was accepted."""
        self.accepted += 1
        self._table.open[self._worker] += 1

    def closed(self) -> None:
        """A connection that was accepted has ended."""
        self._table.open[self._worker] -= 1

    def saw_open(self, total: int) -> None:
        """Over all workers, `total` connections were open: the peak can only be after an accept."""
        self.peak = max(self.peak, total)

    def publish_projects(self, connections: Mapping[str, int]) -> dict[str, int]:
        """Publish this worker's connections by project; gives those of all workers."""
        table = self._table
        for project in table.projects:
            table.write_project(self._worker, project, connections.get(project, 0))
        return {project: table.in_project(project) for project in table.projects}

    def publish(self) -> None:
        """Write the counts into the shared table."""
        for name in PUBLISHED:
            self._table.write(self._worker, name, getattr(self, name))
