"""What the users of a whole test share: rows, ids, the barrier, the table of interactions.

Answers what workers ask for, through their agents. Must not know streams: what is to
be said to whom comes out, the caller says it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from pytsung.control.gate import Gate
from pytsung.control.leases import Delivery, Parcel, Storehouse
from pytsung.control.messages import (
    Gathered,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Message,
    Release,
    Returned,
    Sends,
)
from pytsung.control.rows import Rows
from pytsung.errors import UsageError
from pytsung.plan import Plan, RowFile

Question = LeaseRequest | Returned | Gathered | Sends
"""What workers say to each other, and ask for, through the controller."""

Answer = tuple[str, Message]
"""The agent's name, and what it is to be told."""


class Commons:
    """Everything shared in one test.

    Args:
        files: the lines of the plan's row files.
        agents: the names of all agents.
        workers: how many workers there are in all.
    """

    def __init__(
        self,
        plan: Plan,
        files: Mapping[str, Sequence[str]],
        agents: Sequence[str],
        workers: int,
        random: Random,
    ) -> None:
        self._storehouse = Storehouse(files, workers, random)
        self._gate = Gate(plan.barrier)
        self._agents = agents
        self._holders: set[tuple[str, int]] = set()

    def heed(self, agent: str, question: Question, now: float) -> list[Answer]:
        """What to say because of what a worker has said."""
        if isinstance(question, Sends):
            return [(other, question) for other in self._agents if other != agent]
        holder = (agent, question.worker)
        self._holders.add(holder)
        if isinstance(question, Gathered):
            return list(_releases(self._gate.came(holder, question.count, now)))
        if isinstance(question, LeaseRequest):
            parcels = self._storehouse.ordered(
                holder, question.supply, question.count, is_urgent=question.is_urgent, now=now
            )
        else:
            parcels = self._storehouse.returned(holder, question.supply, question.numbers, now)
        return list(_parcels(parcels))

    def look(self, now: float) -> list[Answer]:
        """What to say because time has passed; to be called a few times a second."""
        return list(_releases(self._gate.look(now)))

    def left(self, agent: str, now: float, worker: int | None = None) -> list[Answer]:
        """A worker is gone, or an agent with all of its own."""
        gone = {
            holder for holder in self._holders if holder[0] == agent and worker in (None, holder[1])
        }
        self._holders -= gone
        answers: list[Answer] = []
        for holder in gone:
            self._gate.left(holder)
            answers += _parcels(self._storehouse.left(holder, now))
        return [answer for answer in answers if answer[0] != agent or worker is not None]


def _parcels(parcels: Iterable[Parcel]) -> Iterator[Answer]:
    for parcel in parcels:
        agent, worker = _place(parcel.holder)
        if isinstance(parcel, Delivery):
            yield agent, Lease(parcel.supply, parcel.rows, worker)
        else:
            yield agent, LeaseRecall(parcel.supply, worker)


def _releases(releases: Mapping[Hashable, int]) -> Iterator[Answer]:
    for holder, count in releases.items():
        agent, worker = _place(holder)
        yield agent, Release(count, worker)


def _place(holder: Hashable) -> tuple[str, int]:
    assert isinstance(holder, tuple)
    agent, worker = holder
    return agent, worker


def read_row_files(files: Iterable[RowFile]) -> dict[str, Rows]:
    """The lines of each file, by its name. Raises UsageError when one cannot be read."""
    lines = {}
    for file in files:
        try:
            lines[file.name] = Rows(Path(file.path).read_bytes())
        except OSError as error:
            reason = error.strerror or str(error)
            text = f"{file.path}: cannot be read: {reason}; put the file there"
            raise UsageError(text) from error
    return lines
