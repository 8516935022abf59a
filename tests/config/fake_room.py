"""A small protocol for the tests of `config`: it sends words, and wants to know no more."""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Request
from pytsung.protocols.registry import Registry
from pytsung.protocols.room import Conversation, Element, Reader


@dataclass(frozen=True)
class Say(Request):
    """Send a text."""

    kind: str
    text: str = ""
    substitute: bool = False


class FakeWebSocketRoom:
    """Reads `<websocket>` as the real room does, but for what only its own tests need."""

    session_type = "ts_websocket"
    element = "websocket"
    request_types: tuple[type[Request], ...] = (Say,)
    bidirectional = True

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        reader.known(element, ("type", "path", "ack", "frame"))
        kind = reader.choice(element, "type", ("connect", "message", "close"), "connect")
        return Say(kind, reader.content(element) or reader.text(element, "path"), substitute)

    def describe(self, request: Request) -> str:
        assert isinstance(request, Say)
        return f"{request.kind} {request.text}".strip()

    def converse(self) -> Conversation:
        raise NotImplementedError("nobody plays the plans of these tests")


REGISTRY = Registry([FakeWebSocketRoom()])
