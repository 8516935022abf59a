"""Everything about `ts_websocket` sessions that the rest of pytsung asks a room.

Must not know how a configuration is found, nor lxml: elements are duck-typed.
"""

from __future__ import annotations

from base64 import b64encode

from pytsung.plan import ProtocolOptions, Request
from pytsung.protocols.room import Ack, Element, Reader
from pytsung.protocols.websocket.conversation import WebSocketConversation
from pytsung.protocols.websocket.deliveries import DeliveryConversation
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message, PushOptions
from pytsung.protocols.websocket.upgrade import EXTENSIONS, RESERVED_HEADERS
from pytsung.protocols.websocket.vocabulary import MARKS, VOCABULARY

_TYPES = ("connect", "message", "close")
_DEFAULT_OPTIONS = PushOptions()


class WebSocketRoom:
    """The room of `ts_websocket`."""

    option_names = ("push_latency",)
    vocabulary = VOCABULARY
    marks = MARKS

    session_type = "ts_websocket"
    element = "websocket"
    request_types: tuple[type[Request], ...] = (Connect, Message, CloseRequest)
    bidirectional = True

    def __init__(self, options: PushOptions = _DEFAULT_OPTIONS) -> None:
        self.options: ProtocolOptions = options
        self._measures_pushes = options.latency

    def read_option(self, element: Element, reader: Reader) -> PushOptions:
        """The options after one more `<option type="ts_websocket">`."""
        return PushOptions(reader.choice(element, "value", ("true", "false"), "true") == "true")

    def with_options(self, options: ProtocolOptions) -> WebSocketRoom:
        """The same room with other options in force."""
        assert isinstance(options, PushOptions)
        return WebSocketRoom(options)

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        """The request that a `<websocket>` asks for; None after a fault was reported."""
        reader.known(element, VOCABULARY["websocket"])
        headers = _read_headers(element, reader)
        if not reader.required(element, "type"):
            return None
        kind = reader.choice(element, "type", _TYPES, "")
        if kind != "connect" and headers:
            reader.warn(element, "only type='connect' sends headers", "remove <http_header>")
        if kind == "connect":
            connect = Connect(
                path=reader.text(element, "path", "/"),
                origin=reader.text(element, "origin"),
                subprotocols=reader.text(element, "subprotocols"),
                headers=headers,
            )
            texts = (connect.path, *(value for _, value in headers))
            _warn_of_placeholders(texts, element, reader, substitute=substitute)
            return connect
        if kind == "message":
            message = Message(
                payload=reader.content(element),
                is_text=reader.choice(element, "frame", ("binary", "text"), "binary") == "text",
                ack=Ack(reader.choice(element, "ack", ("parse", "no_ack"), "parse")),
            )
            _warn_of_placeholders((message.payload,), element, reader, substitute=substitute)
            return message
        return CloseRequest() if kind == "close" else None

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        if isinstance(request, Connect):
            return f"open a WebSocket at {request.path}"
        if isinstance(request, Message):
            kind = "text" if request.is_text else "binary"
            size = len(request.payload.encode("utf-8", "replace"))
            answer = "wait for an answer" if request.ack is Ack.ANSWER else "wait for nothing"
            return f"send a {kind} message of {size} bytes, {answer}"
        return "close the WebSocket"

    def converse(self) -> WebSocketConversation:
        """A new user's conversation, not yet connected."""
        return DeliveryConversation() if self._measures_pushes else WebSocketConversation()


def _read_headers(element: Element, reader: Reader) -> tuple[tuple[str, str], ...]:
    headers = []
    for child in element:
        if child.tag != "http_header":
            reader.fault(child, f"<{child.tag}> has no place in <websocket>", "remove it")
            continue
        reader.known(child, VOCABULARY["http_header"])
        name = reader.required(child, "name")
        value = reader.text(child, "value")
        if reader.choice(child, "encoding", ("", "base64"), "") == "base64":
            value = b64encode(value.encode()).decode()
        if name.lower() in RESERVED_HEADERS - {"host"} or name.lower() == EXTENSIONS:
            reader.warn(
                child,
                f"the header {name} is left out: the WebSocket handshake makes it itself, or "
                "offers no such thing",
                "remove it; attributes `origin` and `subprotocols` set those two",
            )
        headers.append((name, value))
    return tuple(headers)


def _warn_of_placeholders(
    texts: tuple[str, ...], element: Element, reader: Reader, *, substitute: bool
) -> None:
    if not substitute and any("%%_" in text for text in texts):
        reader.warn(element, "%%_…%% is sent as it stands", "write <request subst='true'>")
