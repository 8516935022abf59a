"""One agent's link: what is said to an agent that does not read must hold up nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import Message, Ready, Stop
from pytsung.control.share import AgentShare
from pytsung.controller.agent_link import OUTBOX, AgentLink
from pytsung.controller.launcher import AgentConnection
from pytsung.plan import AgentHost, Endpoint, Load, Plan, Session, Target
from pytsung.protocols import registry

ENCODER = Encoder(registry.installed())
PLAN = Plan(
    "t.xml",
    (AgentHost("far"),),
    (Target(Endpoint("127.0.0.1", 7)),),
    Load(),
    (Session("s", "ts_websocket", ()),),
)


class FrozenLauncher:
    """An agent that stands by and then never reads again: its end of the stream takes nothing."""

    @asynccontextmanager
    async def launch(self, run_id: str) -> AsyncIterator[AgentConnection]:
        near, far = trio.testing.lockstep_stream_pair()
        complaints, stderr = trio.testing.memory_stream_one_way_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(far.send_all, MessageCodec(ENCODER).send(Ready(1)))
            yield AgentConnection(near, stderr)
            nursery.cancel_scope.cancel()
        complaints.close()


async def _ignore(link: AgentLink, message: Message) -> None: ...


def test_saying_something_to_a_frozen_agent_never_waits_and_is_bounded() -> None:
    """A frozen host must not freeze the controller, nor fill its memory: it is let go."""
    link = AgentLink("far", FrozenLauncher(), AgentShare(PLAN, 1, ()), ENCODER)

    async def main() -> None:
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                await nursery.start(link.live, "run", _ignore, lambda *_: None)
                for _ in range(2 * OUTBOX):
                    link.tell(Stop(0.0))
            # the nursery is left: the link has ended by itself

    trio.run(main)
    assert link.parting == f"it left {OUTBOX} messages unread"
