"""We wrote both ends of our codec, so both could be wrong alike: here the other end is somebody
else's, wsproto without I/O and websockets over a real connection."""

import socket
import threading
from collections.abc import Iterator
from random import Random

import pytest
import websockets.sync.server
import wsproto.events
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType

from pytsung.plan import Endpoint
from pytsung.protocols.room import Feedback, RequestContext
from pytsung.protocols.websocket import handshake
from pytsung.protocols.websocket.codec import WebSocketCodec
from pytsung.protocols.websocket.conversation import WebSocketConversation
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    Event,
    Ping,
    Pong,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message

SECONDS = 10.0  # longer than any exchange here may take on a busy machine

events = st.one_of(
    st.text(max_size=300).map(TextMessage),
    st.binary(max_size=300).map(BinaryMessage),
    st.integers(65530, 65540).map(lambda size: BinaryMessage(b"x" * size)),
    st.binary(max_size=125).map(Ping),
    st.binary(max_size=125).map(Pong),
    st.builds(Close, st.integers(3000, 4999), st.text(max_size=30)),
)


def ends(role: Role) -> tuple[WebSocketCodec, Connection]:
    """Our end, in `role`, and wsproto's opposite."""
    if role is Role.CLIENT:
        return WebSocketCodec(role, random=Random(1)), Connection(ConnectionType.SERVER)
    return WebSocketCodec(role), Connection(ConnectionType.CLIENT)


def theirs(event: Event) -> wsproto.events.Event:
    match event:
        case TextMessage(text):
            return wsproto.events.TextMessage(data=text)
        case BinaryMessage(data):
            return wsproto.events.BytesMessage(data=data)
        case Ping(payload):
            return wsproto.events.Ping(payload=payload)
        case Pong(payload):
            return wsproto.events.Pong(payload=payload)
        case Close(code, reason):
            return wsproto.events.CloseConnection(code=code, reason=reason)


def ours(event: wsproto.events.Event) -> Event:
    match event:
        case wsproto.events.TextMessage(data=data):
            return TextMessage(data)
        case wsproto.events.BytesMessage(data=data):
            return BinaryMessage(bytes(data))
        case wsproto.events.Ping(payload=payload):
            return Ping(bytes(payload))
        case wsproto.events.Pong(payload=payload):
            return Pong(bytes(payload))
        case wsproto.events.CloseConnection(code=code, reason=reason):
            return Close(code, reason or "")
    raise AssertionError(event)


@given(st.sampled_from(Role), events)
@settings(deadline=None)
def test_wsproto_reads_what_we_send(role: Role, event: Event) -> None:
    """In both roles, every kind of event."""
    mine, other = ends(role)
    other.receive_data(mine.send(event))
    assert [ours(read) for read in other.events()] == [event]


@given(st.sampled_from(Role), events)
@settings(deadline=None)
def test_we_read_what_wsproto_sends(role: Role, event: Event) -> None:
    """In both roles, every kind of event."""
    mine, other = ends(role)
    assert mine.feed(other.send(theirs(event))) == [event]


@given(st.sampled_from(Role), st.lists(st.text(max_size=9), min_size=1, max_size=5))
@settings(deadline=None)
def test_we_put_wsprotos_fragments_together(role: Role, parts: list[str]) -> None:
    """Our own end never fragments, so only others can show that reading works."""
    mine, other = ends(role)
    last = len(parts) - 1
    stream = b"".join(
        other.send(wsproto.events.TextMessage(data=part, message_finished=number == last))
        for number, part in enumerate(parts)
    )
    assert mine.feed(stream) == [TextMessage("".join(parts))]


def test_wsproto_accepts_our_handshake() -> None:
    """Request and response heads, each read by the other's parser."""
    key = handshake.make_key(Random(1))
    request = handshake.request_template("h:9505", "/p", origin="h").fill(key)
    server = wsproto.WSConnection(ConnectionType.SERVER)
    server.receive_data(request)
    (asked,) = server.events()
    assert isinstance(asked, wsproto.events.Request)
    assert (asked.host, asked.target) == ("h:9505", "/p")
    head = handshake.read_response(server.send(wsproto.events.AcceptConnection()))
    assert head is not None
    assert head.is_agreement(handshake.accept_of(key))

    client = wsproto.WSConnection(ConnectionType.CLIENT)
    asking = handshake.read_request(client.send(wsproto.events.Request(host="h", target="/q")))
    assert asking is not None
    assert asking.is_upgrade_request
    client.receive_data(handshake.response_template().fill(handshake.accept_of(asking.key)))
    assert [type(event) for event in client.events()] == [wsproto.events.AcceptConnection]


class User:
    """A conversation on a blocking socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.conversation = WebSocketConversation()
        self.context = RequestContext(Endpoint("127.0.0.1", port), Random(1), str)

    def send(self, request: Connect | Message | CloseRequest) -> None:
        self.socket.sendall(self.conversation.begin(request, self.context).data)

    def receive(self) -> Feedback:
        data = self.socket.recv(65536)
        feedback = self.conversation.feed(data) if data else self.conversation.peer_closed()
        self.socket.sendall(feedback.reply)
        return feedback

    def open(self) -> None:
        """Connect, and take the greeting, with the answer or after it."""
        opened = self.ask(Connect("/v1/realtime"))
        assert opened.counters == ("websocket_succ",)
        assert opened.pushes or self.receive().pushes

    def ask(self, request: Connect | Message | CloseRequest) -> Feedback:
        self.send(request)
        while not (feedback := self.receive()).complete:
            assert not feedback.error
        return feedback


def chat(connection: websockets.sync.server.ServerConnection) -> None:
    """Greets, echoes; sends fragments and pings, or leaves, when asked to."""
    connection.send("welcome")
    for message in connection:
        if message == "fragments":
            connection.send(iter(["one", " ", "two"]))
        elif message == "ping":
            answered = connection.ping().wait(SECONDS)
            connection.send(f"pong was {answered}")
        elif message == "leave":
            connection.close(1001, "going")
        else:
            connection.send(message)


@pytest.fixture
def user() -> Iterator[User]:
    with websockets.sync.server.serve(chat, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        user = User(server.socket.getsockname()[1])
        try:
            yield user
        finally:
            user.socket.close()
            server.shutdown()
            thread.join()


def test_a_session_against_the_websockets_library(user: User) -> None:
    """Upgrade, push, fragments, a ping whose pong is waited for, a long echo."""
    user.open()
    assert user.ask(Message("é", is_text=True)).answer == "é".encode()
    assert user.ask(Message("fragments", is_text=True)).answer == b"one two"
    assert user.ask(Message("ping", is_text=True)).answer == b"pong was True"
    assert user.ask(Message("x" * 200_000)).answer == b"x" * 200_000


def test_both_ways_to_part_from_the_websockets_library(user: User) -> None:
    """Its close is answered with the code it expects, ours with its."""
    user.open()
    user.send(Message("leave", is_text=True))
    parted = user.receive()
    assert (parted.close, parted.complete, parted.error) == (True, True, "")
    user.socket.close()

    again = User(user.context.endpoint.port)
    again.open()
    assert again.ask(CloseRequest()).close
    again.socket.close()
