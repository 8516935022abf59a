"""All live users of a worker: starts them, finds them.

Must not know phases or shares: it is told whom to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytsung.agent.live_user import LiveUser
from pytsung.agent.surroundings import Surroundings
from pytsung.plan import Endpoint
from pytsung.user.program import Program
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World

MakeUser = Callable[[int, Program, Endpoint, World], VirtualUser]


class Crowd:
    """The users of one worker, in their surroundings. `waiting` gives those in the lounge.

    `make_user` makes a user; `dumptraffic` has a kind of its own.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.reactor = surroundings.reactor
        self.world = surroundings.world
        self.waiting: Callable[[], Iterable[LiveUser]] = tuple
        self.make_user: MakeUser = VirtualUser

    @property
    def size(self) -> int:
        """How many users are alive."""
        return self.world.recorder.users_open

    def start_user(self, number: int, program: Program, endpoint: Endpoint, now: float) -> None:
        """Let a user arrive; `now` is on the monotonic clock."""
        user = self.make_user(number, program, endpoint, self.world)
        LiveUser(user, self.surroundings).start(now)

    def everyone(self) -> list[LiveUser]:
        """All live users: in the reactor, or waiting for what the whole test shares."""
        found = (one for one in self.reactor.everyone() if isinstance(one, LiveUser))
        return list(dict.fromkeys((*found, *self.waiting())))
