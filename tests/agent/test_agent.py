"""What an agent does with words that it should not obey: it says why, and ends."""

from __future__ import annotations

import socket

import pytest
import trio
import trio.testing

from pytsung.agent.agent import Agent
from pytsung.agent.channel import Channel
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.framing import frame
from pytsung.control.messages import (
    VERSION,
    AskClock,
    Assign,
    ClockReading,
    Failed,
    Hello,
    Message,
)
from pytsung.control.share import AgentShare
from pytsung.plan import AgentHost, Endpoint, Load, Plan, Session, Target
from pytsung.protocols import registry

ENCODER = Encoder(registry.installed())
PLAN = Plan(
    "t.xml",
    (AgentHost("a"),),
    (Target(Endpoint("127.0.0.1", 7)),),
    Load(),
    (Session("s", "ts_websocket", ()),),
)
SHARE = Assign(AgentShare(PLAN, 1, ()))


def said_by_agent(*data: bytes) -> list[Message]:
    """All that an agent says to a controller who says this, until the agent ends."""

    async def main() -> list[Message]:
        near, far = trio.testing.memory_stream_pair()
        zygote, beyond = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        codec = MessageCodec(ENCODER)
        said: list[Message] = []

        async def live() -> None:
            await Agent(Channel(far, MessageCodec(ENCODER)), zygote, ENCODER).run()
            await far.aclose()

        with zygote, beyond, trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(live)
                for part in data:
                    await near.send_all(part)
                while answer := await near.receive_some():
                    said += codec.feed(bytes(answer))
        return said

    return trio.run(main)


def words(*messages: Message) -> bytes:
    codec = MessageCodec(ENCODER)
    return b"".join(map(codec.send, messages))


def test_a_share_of_another_version_is_refused() -> None:
    """Half of a plan understood would be another test; nothing is prepared, no worker starts."""
    hello, failed = said_by_agent(words(Hello(VERSION + 1), SHARE))
    assert isinstance(hello, Hello)
    assert isinstance(failed, Failed)
    assert f"agent speaks version {VERSION}, controller version {VERSION + 1}" in failed.reason
    assert "run the same pytsung on both" in failed.reason


def test_a_share_without_a_version_is_refused() -> None:
    """Who does not say what it speaks may speak anything."""
    _, failed = said_by_agent(words(SHARE))
    assert isinstance(failed, Failed)
    assert "before versions were compared" in failed.reason


@pytest.mark.parametrize(
    "data",
    [
        frame(b'["Hello",{"version":99,"colour":"blue"}]'),
        frame(b'["Conquer",{}]'),
        frame(b"\xff"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        (2**31).to_bytes(4, "big"),
    ],
)
def test_what_is_no_message_ends_the_agent(data: bytes) -> None:
    """A newer message, garbage, or a frame too large to be kept."""
    _, failed = said_by_agent(data)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("control channel: ")


def test_the_clock_is_told_at_once() -> None:
    """Each moment of delay is one of doubt about when this host begins."""

    async def main() -> tuple[float, Message]:
        near, far = trio.testing.memory_stream_pair()
        zygote, beyond = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        codec = MessageCodec(ENCODER)
        with zygote, beyond, trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                agent = Agent(Channel(far, MessageCodec(ENCODER)), zygote, ENCODER)
                nursery.start_soon(agent.run)
                await near.send_all(words(Hello(VERSION), AskClock(7)))
                began = trio.current_time()
                said: list[Message] = []
                while not any(isinstance(one, ClockReading) for one in said):
                    said += codec.feed(bytes(await near.receive_some()))
                took = trio.current_time() - began
                await near.aclose()
        return took, said[-1]

    took, reading = trio.run(main)
    assert isinstance(reading, ClockReading)
    assert reading.number == 7
    assert took < 1
