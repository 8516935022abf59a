"""A listening socket that several workers have, of whom one at a time accepts from it.

With more workers than cores, newcomers spread over all of them find every one asleep, its
part of the caches taken by the others: with 54 workers on two cores a connection costs
the server two to three times what it costs with two. So there is a door for each core,
and whoever keeps it passes it on, queue and all, when it is full.

    door 0   worker 0 (full) ─▶ worker 2 (keeps it) ─▶ worker 4
    door 1   worker 1 (full) ─▶ worker 3 (keeps it) ─▶ worker 5

The right to keep a door is a count of one in an eventfd(2): who reads it has it. Must not
know what is served.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence

from pytsung_server.counts import Table
from pytsung_server.sockets import BACKLOG


class Door:
    """One listening socket and the workers that share it; made before the fork.

    `table` is told who is full. `descriptors` are those of the socket, and of the right to
    keep it, which is readable while nobody does.
    """

    def __init__(self, listener: socket.socket, members: Sequence[int], table: Table) -> None:
        self._listener = listener
        self._members = tuple(members)
        self._full = table.full
        self._right = os.eventfd(1, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The listening socket's, and that of the right to keep the door."""
        return self._listener.fileno(), self._right

    @property
    def is_shut(self) -> bool:
        """Whether all who share it are full: the kernel refuses newcomers."""
        return all(self._full[member] for member in self._members)

    def take(self) -> bool:
        """Try to become its keeper; whoever is opens it, if it was shut. Raises OSError."""
        try:
            os.eventfd_read(self._right)
        except BlockingIOError:
            return False  # somebody was faster
        try:
            self._listener.listen(BACKLOG)
        except OSError:
            os.eventfd_write(self._right, 1)
            raise
        return True

    def full(self, worker: int) -> None:
        """This one will not take its turn for now."""
        self._full[worker] = 1

    def pass_on(self) -> None:
        """Keep it no more: the next one takes over, and the door is shut if there is none."""
        if self.is_shut:
            self.shut()
        os.eventfd_write(self._right, 1)

    def has_room(self, worker: int) -> None:
        """One that was full will take its turn again."""
        self._full[worker] = 0

    def shut(self) -> None:
        """Let the kernel refuse newcomers, in all processes, until somebody takes it."""
        with contextlib.suppress(OSError):  # ENOTCONN: it is shut
            self._listener.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Have no part in it any more; the others keep theirs."""
        self._listener.close()
        os.close(self._right)
