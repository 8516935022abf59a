"""All live users of a worker: starts them, finds them.

Must not know phases or shares: it is told whom to start.
"""

from __future__ import annotations

from pytsung.agent.live_user import LiveUser
from pytsung.agent.surroundings import Surroundings
from pytsung.plan import Endpoint
from pytsung.user.program import Program
from pytsung.user.virtual_user import VirtualUser


class Crowd:
    """The users of one worker, in their surroundings."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.reactor = surroundings.reactor
        self.world = surroundings.world

    @property
    def size(self) -> int:
        """How many users are alive."""
        return self.world.recorder.users_open

    def start_user(self, number: int, program: Program, endpoint: Endpoint) -> None:
        """Let a user arrive."""
        user = VirtualUser(number, program, endpoint, self.world)
        LiveUser(user, self.surroundings).start()

    def everyone(self) -> list[LiveUser]:
        """All live users: they are found through the reactor, where every one of them waits."""
        return [one for one in self.reactor.everyone() if isinstance(one, LiveUser)]
