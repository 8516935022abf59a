"""Who takes notes for `dumptraffic`, and how they get to the agent.

Chooses the kind of user; none of it exists in a run without a dump. Must not know
what a note says, nor where it is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import trio

from pytsung.agent.crowd import MakeUser
from pytsung.control.messages import Message, Note
from pytsung.control.records import Exchange, Exchanges, Traffic, TrafficEvent
from pytsung.plan import Dump
from pytsung.user.dump_log import DumpLog
from pytsung.user.overheard import LIGHT, AttentiveMatchLog, ExchangeUser, TrafficUser
from pytsung.user.world import World


class Dumping:
    """The notes of one worker's users. `make_user` makes users who take them.

    `tell` sends a message to the agent, and raises trio.WouldBlock when it cannot now:
    then a batch is dropped and counted, for nothing a user does may wait for a dump.
    """

    def __init__(self, dump: Dump, world: World, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._log: DumpLog[TrafficEvent] | DumpLog[Exchange]
        self.make_user: MakeUser
        if dump in (Dump.TRAFFIC, Dump.LIGHT):
            traffic = DumpLog[TrafficEvent](lambda events: self._offer(Traffic(events)))
            limit = LIGHT if dump is Dump.LIGHT else None
            self.make_user = partial(TrafficUser, log=traffic, limit=limit)
            self._log = traffic
        else:
            lines = DumpLog[Exchange](lambda exchanges: self._offer(Exchanges(exchanges)))
            matches = world.match_log = AttentiveMatchLog()
            self.make_user = partial(ExchangeUser, log=lines, matches=matches)
            self._log = lines

    def begin(self, origin: float) -> None:
        """The test's start, on the monotonic clock."""
        self._log.origin = origin

    def report(self) -> None:
        """Tell what has gathered, and what was lost; called about once a second."""
        self._log.flush()
        if self._log.lost:
            text = f"{self._log.lost} entries of tsung.dump were lost, for they were too many"
            if self._offer(Note(4, text)):
                self._log.lost = 0

    def _offer(self, message: Message) -> bool:
        try:
            self._tell(message)
        except trio.WouldBlock:
            return False
        return True
