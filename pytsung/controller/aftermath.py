"""What becomes of a run that has lost an agent, as `--on-agent-loss` says.

Its users are lost either way, and the others go on with their own. Must not know how
a loss is noticed or counted.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from pytsung.controller.agent_link import AgentLink
from pytsung.controller.listener import Listener
from pytsung.controller.redistribution import Survivor, redistribute


class OnAgentLoss(enum.Enum):
    """What to do when an agent is lost; the values are those of the command line."""

    CONTINUE = "continue"  # its future users never come
    REDISTRIBUTE = "redistribute"  # the survivors play its future users, too
    STOP = "stop"  # the test ends, and its result is invalid


class Aftermath:
    """Carries the policy out. `unix` makes Unix time of seconds since the test's start."""

    def __init__(
        self, policy: OnAgentLoss, listener: Listener, unix: Callable[[float], float]
    ) -> None:
        self._policy = policy
        self._listener = listener
        self._unix = unix

    def settle(self, lost: AgentLink, at: float, links: Sequence[AgentLink]) -> str:
        """Do what the policy asks; gives the fault that ends the run, or nothing."""
        if self._policy is OnAgentLoss.STOP:
            return f"the run: stopped at {at:.0f} s, for agent {lost.name} was lost"
        if self._policy is OnAgentLoss.REDISTRIBUTE:
            self._redistribute(lost, at, links)
        return ""

    def _redistribute(self, lost: AgentLink, at: float, links: Sequence[AgentLink]) -> None:
        going_on = {link.name: link for link in links if not link.is_lost and not link.finished}
        survivors = [Survivor(name, link.share) for name, link in going_on.items()]
        if not survivors:
            return  # nobody is left to play them
        adoptions = redistribute(lost.share, lost.positions, at, survivors)
        for name, adoption in adoptions:
            going_on[name].adopt(adoption)
        if adoptions:
            names = list(dict.fromkeys(name for name, _ in adoptions))
            self._listener.event("redistributed", self._unix(at), agent=lost.name, to=names)
            text = f"future users of {lost.name} go to {', '.join(names)}"
            self._listener.note(4, "controller", text)
