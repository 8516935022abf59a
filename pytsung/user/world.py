"""What all users of a worker share.

Must not know any one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from pytsung.plan import Endpoint
from pytsung.protocols.room import RequestContext
from pytsung.stats import Recorder
from pytsung.user.encounters import Encounters
from pytsung.user.match_log import MatchLog
from pytsung.user.supplies import Supplies

Callback = Callable[..., object]

_NOWHERE = Endpoint("", 0)


@dataclass(slots=True)
class World:
    """What all users of a worker share.

    `unix_time` is the time when the test began. `unix_offset` makes Unix time of the
    steady clock's. `callbacks` are the Python functions that sessions name.
    `context` is every request's in turn: whoever makes one fills it in first.
    """

    recorder: Recorder
    random: Random
    quirks: bool = False
    unix_time: int = 0
    unix_offset: float = 0.0
    supplies: Supplies = field(default_factory=Supplies)
    match_log: MatchLog = field(default_factory=MatchLog)
    encounters: Encounters = field(default_factory=Encounters)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    context: RequestContext = field(init=False)

    def __post_init__(self) -> None:
        self.context = RequestContext(_NOWHERE, self.random, str, self.quirks)

    def note_deliveries(self, stamps: Iterable[tuple[float, str]], now: float) -> None:
        """Record how old published events were when they came; of each, when it was sent."""
        unix_time = now + self.unix_offset
        for sent_at, event in stamps:
            self.recorder.delivered(event, unix_time - sent_at)
