"""Sessions that measure how old published events are when they come."""

from __future__ import annotations

import json
from random import Random

import pytest

from pytsung.plan import Endpoint
from pytsung.protocols.room import Ack, Feedback, RequestContext, StampedFeedback, furnished
from pytsung.protocols.websocket.deliveries import DeliveryConversation
from pytsung.protocols.websocket.events import Opcode
from pytsung.protocols.websocket.frames import frame
from pytsung.protocols.websocket.requests import Connect, Message, PushOptions
from pytsung.protocols.websocket.room import WebSocketRoom
from pytsung.protocols.websocket.stamp import KEY, mark

HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n"
)


def event(sent_at: float, name: str = "") -> bytes:
    """A published event in a frame."""
    body = {"type": "event", "data": {"payload": {KEY: mark(sent_at, name), "x": "y" * 200}}}
    return frame(Opcode.TEXT, json.dumps(body, separators=(",", ":")).encode())


def connected() -> DeliveryConversation:
    """A conversation whose WebSocket is open."""
    from pytsung.protocols.websocket.handshake import accept_of

    conversation = DeliveryConversation()
    context = RequestContext(Endpoint("localhost", 80), Random(1), str)
    request = conversation.begin(Connect(), context).data
    key = request.partition(b"Sec-WebSocket-Key: ")[2][:24]
    assert conversation.feed(HEAD % accept_of(key)).complete
    return conversation


def test_events_are_pushes_with_stamps() -> None:
    """Two in one read are two, each with its own time."""
    feedback = connected().feed(event(1.5, "a-1") + event(2.5))
    assert isinstance(feedback, StampedFeedback)
    assert feedback.pushes == 2
    assert feedback.stamps == [(1.5, "a-1"), (2.5, "")]


def test_a_cut_event_counts_when_it_is_whole() -> None:
    """The age is that of the whole message; half of one is of no use to anybody."""
    conversation = connected()
    data = event(1.5)
    assert conversation.feed(data[:50]).pushes == 0
    assert isinstance(conversation.feed(data[50:]), StampedFeedback)


def test_an_event_answers_no_request() -> None:
    """Else it would be measured as the answer to a message that it has nothing to do with."""
    conversation = connected()
    context = RequestContext(Endpoint("localhost", 80), Random(1), str)
    conversation.begin(Message("hello", is_text=True, ack=Ack.ANSWER), context)
    feedback = conversation.feed(event(1.5) + frame(Opcode.TEXT, b'{"type":"pong"}'))
    assert isinstance(feedback, StampedFeedback)
    assert (feedback.complete, feedback.pushes) == (True, 1)
    assert feedback.answer == b'{"type":"pong"}'


def test_other_messages_are_as_always() -> None:
    """A push without a stamp is a push; nothing is measured of it."""
    feedback = connected().feed(frame(Opcode.TEXT, b'{"type":"event"}'))
    assert type(feedback) is Feedback
    assert feedback.pushes == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_only_who_asks_for_it_pays(wanted: bool) -> None:
    """The option decides which conversation a session's users get."""
    room = furnished(WebSocketRoom(), (PushOptions(wanted),))
    assert isinstance(room.converse(), DeliveryConversation) is wanted
