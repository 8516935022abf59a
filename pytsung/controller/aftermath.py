"""What becomes of a run that has lost an agent or a worker, as `--on-agent-loss` says.

Its users are lost either way, and the others go on with their own. Must not know how
a loss is noticed or counted.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytsung.control.messages import WorkerLost
from pytsung.control.share import AgentShare
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
            names = self._redistribute(lost, lost.share, at, _going_on(links))
            if names:
                self._listener.event("redistributed", self._unix(at), agent=lost.name, to=names)
                self._note(lost.name, names)
        return ""

    def settle_worker(self, link: AgentLink, lost: WorkerLost, links: Sequence[AgentLink]) -> None:
        """Let the others play what one worker of an agent had still to play, where that is asked.

        What has been lost once before is let go: it may be what kills workers.
        """
        if self._policy is not OnAgentLoss.REDISTRIBUTE or lost.share is None:
            return
        worker = link.share.workers[lost.share]
        if worker.dealt is not None:
            return
        # An agent without another worker is about to say that it has finished.
        others = [one for one in _going_on(links) if one is not link or lost.others]
        share = replace(link.share, workers=(worker,))
        names = self._redistribute(link, share, lost.at, others)
        if names:
            at = self._unix(lost.at)
            self._listener.event("redistributed", at, agent=link.name, worker=lost.worker, to=names)
            self._note(f"worker {lost.worker} of {link.name}", names)

    def _redistribute(
        self, lost: AgentLink, share: AgentShare, at: float, others: Sequence[AgentLink]
    ) -> list[str]:
        """Deal a share out to the others; gives the names of those who have a part of it."""
        if not others:
            return []
        going_on = {link.name: link for link in others}
        survivors = [Survivor(name, link.share) for name, link in going_on.items()]
        adoptions = redistribute(share, lost.positions, at, survivors)
        for name, adoption in adoptions:
            going_on[name].adopt(adoption)
        return list(dict.fromkeys(name for name, _ in adoptions))

    def _note(self, lost: str, names: Sequence[str]) -> None:
        self._listener.note(4, "controller", f"future users of {lost} go to {', '.join(names)}")


def _going_on(links: Sequence[AgentLink]) -> list[AgentLink]:
    return [link for link in links if not link.is_lost and not link.finished]
