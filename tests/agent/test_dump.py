"""Notes for a dump stand back behind everything else that a worker has to say."""

from __future__ import annotations

from random import Random

import trio

from pytsung.agent.dump import Dumping
from pytsung.control.messages import Message, Note
from pytsung.control.records import Traffic
from pytsung.plan import Dump, Endpoint, Session
from pytsung.stats import Recorder
from pytsung.user.overheard import ExchangeUser, TrafficUser
from pytsung.user.program import Program
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World
from tests.user.lines import LineRoom
from tests.user.stage import ask


class Outbox:
    """Takes messages while it has room."""

    def __init__(self) -> None:
        self.is_full = False
        self.messages: list[Message] = []

    def tell(self, message: Message) -> None:
        if self.is_full:
            raise trio.WouldBlock
        self.messages.append(message)


def user_of(dumping: Dumping, world: World) -> VirtualUser:
    program = Program(Session("s", "ts_line", (ask("a"),)), LineRoom())
    return dumping.make_user(1, program, Endpoint("target", 7), world)


def test_each_form_has_its_kind_of_user() -> None:
    """A run without a dump knows none of them."""
    for dump, kind in (
        (Dump.TRAFFIC, TrafficUser),
        (Dump.LIGHT, TrafficUser),
        (Dump.PROTOCOL, ExchangeUser),
        (Dump.PROTOCOL_LOCAL, ExchangeUser),
    ):
        world = World(Recorder(), Random(1))
        assert type(user_of(Dumping(dump, world, Outbox().tell), world)) is kind


def test_notes_that_find_no_room_are_dropped_and_said_to_be() -> None:
    """Users never wait for a dump, and its reader learns of the gap."""
    outbox = Outbox()
    world = World(Recorder(), Random(1))
    dumping = Dumping(Dump.TRAFFIC, world, outbox.tell)
    dumping.begin(100.0)
    outbox.is_full = True
    user_of(dumping, world).start(101.0)
    dumping.report()
    outbox.is_full = False
    user_of(dumping, world).start(102.0)
    dumping.report()
    traffic, note = outbox.messages
    assert isinstance(traffic, Traffic)
    assert [event.at for event in traffic.events] == [2.0]
    assert isinstance(note, Note)
    assert note.text.startswith("1 entries of tsung.dump were lost")
    dumping.report()
    assert len(outbox.messages) == 2
