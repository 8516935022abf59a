"""Where users of a worker wait for what the whole test shares.

For a row or an id that is on its way, or for each other. Tells the controller what is
wanted, a few times a second whatever happens here, and lets users go on when it
answers. Must not know how messages travel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import monotonic

import trio

from pytsung.agent.live_user import LiveUser
from pytsung.control.leases import Supply, SupplyKind
from pytsung.control.messages import (
    Gathered,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Message,
    Note,
    Release,
    Returned,
    Sends,
)
from pytsung.control.records import (
    Matches,
)
from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.reactor.reactor import Reactor
from pytsung.user.supplies import Supplies
from pytsung.user.world import World

SETTLE_TIME = 8.0
"""Seconds that a worker with nothing left to do waits for the last rows it ordered. It is
milliseconds unless the controller is busy, which leaves ten to an agent that it stops."""

NEWS_EVERY = 0.01
"""Seconds between two reports of who came and who sent: a hundred a second at most."""


class Lounge:
    """Waiting users of one worker; a timer of its reactor.

    `tell` sends a message to the agent, and raises trio.WouldBlock when it cannot now.
    """

    def __init__(self, reactor: Reactor, tell: Callable[[Message], None]) -> None:
        self.deadline = NEVER
        self.bucket: Bucket | None = None
        self.origin = 0.0
        self.supplies = Supplies(self._order)
        self._reactor = reactor
        self._tell = tell
        self._backlog: deque[Message] = deque()
        self._in_need: dict[Supply, list[LiveUser]] = {}
        self._gathered: dict[LiveUser, None] = {}
        self._newcomers = 0
        self._settling: dict[Supply, trio.Event] = {}
        self.world: World | None = None

    # -- users ----------------------------------------------------------------

    def need(self, user: LiveUser, supply: Supply) -> None:
        """A user waits for more of a supply, which it has asked for."""
        self._in_need.setdefault(supply, []).append(user)

    def gather(self, user: LiveUser) -> None:
        """A user waits for all the others."""
        self._gathered[user] = None
        self._newcomers += 1
        self.stir()

    def stir(self) -> None:
        """There is something to tell, soon."""
        if self.deadline == NEVER:
            self._reactor.wake_at(self, monotonic() + NEWS_EVERY)

    def everyone(self) -> Iterator[LiveUser]:
        """All who wait here."""
        for users in self._in_need.values():
            yield from users
        yield from self._gathered

    # -- what the controller says ---------------------------------------------

    def heed(self, message: Lease | LeaseRecall | Release | Sends) -> None:
        """Let users go on, or give back what is left."""
        if isinstance(message, Lease):
            self.supplies.delivered(message.supply, message.rows)
            if not message.rows and message.supply in self._settling:
                self._settling[message.supply].set()
            self._wake(message.supply)
        elif isinstance(message, LeaseRecall):
            self._give_back(message.supply)
            self._wake(message.supply)
        elif isinstance(message, Release):
            self._release(message.count)
        elif self.world is not None:
            times = {name: at + self.origin for name, at in message.times.items()}
            self.world.encounters.learn(times)

    def _wake(self, supply: Supply) -> None:
        now = monotonic()
        for user in self._in_need.pop(supply, ()):
            user.perform(user.user.supplied(now))

    def _release(self, count: int) -> None:
        now = monotonic()
        released = [user for user, _ in zip(self._gathered, range(count), strict=False)]
        for user in released:
            del self._gathered[user]
        for user in released:
            user.perform(user.user.released(now))

    def _give_back(self, supply: Supply) -> None:
        numbers = tuple(row.number for row in self.supplies.recalled(supply))
        self._send(Returned(supply, numbers))

    async def settle(self) -> None:
        """Take back what is still on order, so that no row comes to a worker that has gone.

        Whatever was ordered before is delivered before the answer to an order of none.
        """
        ordered = [each for each in self.supplies.known() if each.kind is SupplyKind.NEXT_ROWS]
        self._settling = {supply: trio.Event() for supply in ordered}
        for supply in ordered:
            self._order(supply, 0, is_urgent=False)
        with trio.move_on_after(SETTLE_TIME):
            for settled in self._settling.values():
                await settled.wait()

    def close(self) -> None:
        """This worker needs no more: give back every row that nobody has used."""
        for supply, rows in self.supplies.everything().items():
            if supply.kind is SupplyKind.NEXT_ROWS:
                self._send(Returned(supply, tuple(row.number for row in rows)))

    # -- what is told ---------------------------------------------------------

    def on_timer(self) -> None:
        """Tell what has gathered since the last time."""
        self.deadline = NEVER
        if self._newcomers:
            count, self._newcomers = self._newcomers, 0
            self._send(Gathered(count))
        news = self.world.encounters.take_news() if self.world is not None else {}
        if news:
            self._send(Sends({name: at - self.origin for name, at in news.items()}))
        self._send_backlog()

    def report_matches(self) -> None:
        """Tell which matches are to be written down; called about once a second."""
        if self.world is None:
            return
        log = self.world.match_log
        events = tuple(replace(event, at=event.at - self.origin) for event in log.take())
        if events:
            self._send(Matches(events))
        if log.lost:
            lost, log.lost = log.lost, 0
            self._send(Note(4, f"{lost} matches were not written down, for they were too many"))

    def _order(self, supply: Supply, count: int, is_urgent: bool) -> None:
        self._send(LeaseRequest(supply, count, is_urgent))

    def _send(self, message: Message) -> None:
        self._backlog.append(message)
        self._send_backlog()

    def _send_backlog(self) -> None:
        try:
            while self._backlog:
                self._tell(self._backlog[0])
                self._backlog.popleft()
        except trio.WouldBlock:
            self.stir()  # the agent is slow to read
