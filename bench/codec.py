"""What the WebSocket codec costs beside wsproto's, in one run on one core.

    python bench/codec.py

Answers: how long masking, writing and reading a frame, and a client's handshake take,
in microseconds, and how many times longer wsproto needs for the same. Ratios hold from
machine to machine; microseconds do not. Needs wsproto.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random

import wsproto.events as other
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection

from pytsung.plan import Endpoint
from pytsung.protocols.room import RequestContext
from pytsung.protocols.websocket import handshake, masking
from pytsung.protocols.websocket.codec import WebSocketCodec
from pytsung.protocols.websocket.conversation import WebSocketConversation
from pytsung.protocols.websocket.events import Role, TextMessage
from pytsung.protocols.websocket.frames import frame
from pytsung.protocols.websocket.requests import Connect

SECONDS = 0.2  # each measurement takes about this long, five times over
RANDOM = Random(6455)
KEY = b"\x12\x34\x56\x78"
TARGET = Endpoint("realtime-a", 9505)
REQUEST = Connect("/v1/realtime?project=console&channels[]=files")
REQUEST_BYTES = b"x" * 150 + b"Key: dGhlIHNhbXBsZSBub25jZQ=="
GREETING = frame(1, b'{"type":"connected","data":{"channels":["files"],"user":null}}')
ANSWER = handshake.response_template(
    [("Sec-WebSocket-Version", "13"), ("Server", "swoole-http-server")]
)


def cost(function: Callable[[], object]) -> float:
    """Microseconds for one call: the best of five rounds."""
    count = 1
    while _seconds(function, count) < SECONDS / 10:
        count *= 2
    return min(_seconds(function, count * 10) for _ in range(5)) / (count * 10) * 1e6


def _seconds(function: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        function()
    return time.perf_counter() - started


def row(name: str, mine: Callable[[], object], theirs: Callable[[], object] | None = None) -> None:
    """Print what one operation costs, and wsproto's factor where it has the same."""
    mine_cost = cost(mine)
    if theirs is None:
        print(f"{name:<34} {mine_cost:9.2f} µs")
        return
    theirs_cost = cost(theirs)
    factor = theirs_cost / mine_cost
    print(f"{name:<34} {mine_cost:9.2f} µs   wsproto {theirs_cost:9.2f} µs   {factor:5.1f} ×")


def feed_other(connection: Connection, data: bytes) -> None:
    """Read one block with wsproto."""
    connection.receive_data(data)
    for _ in connection.events():
        pass


def our_handshake() -> None:
    """A user connects: key, request, answer checked, and the first frame in the same block."""
    conversation = WebSocketConversation()
    data = conversation.begin(REQUEST, RequestContext(TARGET, RANDOM, str)).data
    feedback = conversation.feed(answer_to(data))
    assert feedback.complete
    assert feedback.pushes == 1


def their_handshake() -> None:
    """The same with wsproto."""
    client = WSConnection(ConnectionType.CLIENT)
    data = client.send(other.Request(host=str(TARGET), target=REQUEST.path))
    client.receive_data(answer_to(data))
    accepted, message = client.events()
    assert isinstance(accepted, other.AcceptConnection)
    assert isinstance(message, other.TextMessage)


def answer_to(request: bytes) -> bytes:
    """The server's answer and greeting; the cheapest way to find the key, part of both sides."""
    at = request.find(b"Key: ") + 5
    return ANSWER.fill(handshake.accept_of(request[at : at + handshake.KEY_LENGTH])) + GREETING


def frames(size: int) -> None:
    """The rows of text messages of one size."""
    text = "x" * size
    event, their_event = TextMessage(text), other.TextMessage(data=text)
    unmasked, masked = frame(1, text.encode()), frame(1, text.encode(), RANDOM)
    client, server = WebSocketCodec(Role.CLIENT, random=RANDOM), WebSocketCodec(Role.SERVER)
    their_client = Connection(ConnectionType.CLIENT)
    their_server = Connection(ConnectionType.SERVER)
    row(
        f"client writes text of {size} bytes",
        lambda: client.send(event),
        lambda: their_client.send(their_event),
    )
    row(
        f"server writes text of {size} bytes",
        lambda: server.send(event),
        lambda: their_server.send(their_event),
    )
    row(
        f"client reads text of {size} bytes",
        lambda: client.feed(unmasked),
        lambda: feed_other(their_client, unmasked),
    )
    row(
        f"server reads text of {size} bytes",
        lambda: server.feed(masked),
        lambda: feed_other(their_server, masked),
    )


def main() -> None:
    """Print all rows."""
    masking.translation_tables()
    for size in (20, 125, 1000, 65536):
        row(f"mask {size} bytes", partial(masking.apply_mask, bytes(size), KEY))
    for size in (masking.TRANSLATE_FROM - 1, masking.TRANSLATE_FROM):
        row(f"mask {size} bytes, where ways part", partial(masking.apply_mask, bytes(size), KEY))
    for size in (62, 1000, 65536):
        frames(size)
    row("client's handshake and first frame", our_handshake, their_handshake)
    row("  of which the answer's making", lambda: answer_to(REQUEST_BYTES))
    print(f"{'held per idle connection':<34} {sys.getsizeof(WebSocketConversation()):6} bytes")


if __name__ == "__main__":
    main()
