"""`<websocket>` elements become requests; what is wrong with one is said before the run."""

from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import pytest

from pytsung.plan import CarriedFile, Request
from pytsung.protocols import registry
from pytsung.protocols.room import Ack, Element, Scene
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message
from pytsung.protocols.websocket.room import WebSocketRoom


@dataclass
class Notes:
    """A reader that keeps what it was told; elements are the standard library's."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    scene: Scene = field(default_factory=Scene)

    def file(self, element: Element, name: str) -> bytes:
        raise NotImplementedError("a WebSocket needs no files")

    def carried(self, element: Element, name: str) -> CarriedFile:
        raise NotImplementedError("a WebSocket needs no files")

    def fault(self, element: Element, text: str, cure: str = "") -> None:
        self.faults.append(f"{text}; {cure}")

    def warn(self, element: Element, text: str, cure: str = "") -> None:
        self.warnings.append(f"{text}; {cure}")

    def text(self, element: Element, name: str, default: str = "") -> str:
        value = element.get(name)
        return default if value is None else value

    def required(self, element: Element, name: str) -> str:
        value = element.get(name)
        if value is None:
            self.fault(element, f"{name} is missing")
        return value or ""

    def choice(self, element: Element, name: str, choices: tuple[str, ...], default: str) -> str:
        value = element.get(name)
        if value is None:
            return default
        if value not in choices:
            self.fault(element, f"{name}={value}")
            return default
        return value

    def integer(self, element: Element, name: str, default: int) -> int:
        return int(element.get(name) or default)

    def known(self, element: Element, attributes: tuple[str, ...]) -> None:
        assert isinstance(element, ET.Element)
        self.warnings += [name for name in element.attrib if name not in attributes]

    def content(self, element: Element) -> str:
        return (element.text or "").strip(" ")


def read(xml: str, *, substitute: bool = False) -> tuple[Request | None, Notes]:
    notes = Notes()
    element = ET.fromstring(xml)
    return WebSocketRoom().read_request(element, notes, substitute=substitute), notes


@pytest.mark.parametrize(
    ("xml", "request_"),
    [
        ("<websocket type='connect'/>", Connect("/", "", "", ())),
        (
            (
                "<websocket type='connect' path='/p' origin='o' subprotocols='a'>"
                "<http_header name='X' value='1'/>"
                "<http_header name='Y' value='ab' encoding='base64'/>"
                "</websocket>"
            ),
            Connect("/p", "o", "a", (("X", "1"), ("Y", "YWI="))),
        ),
        ("<websocket type='message'> hi\n </websocket>", Message("hi\n", False, Ack.ANSWER)),
        (
            "<websocket type='message' frame='text' ack='no_ack'>é</websocket>",
            Message("é", True, Ack.NONE),
        ),
        ("<websocket type='close'/>", CloseRequest()),
    ],
)
def test_elements_become_requests(xml: str, request_: Request) -> None:
    """Defaults are Tsung's."""
    read_, notes = read(xml)
    assert read_ == request_
    assert not notes.faults
    assert not notes.warnings


@pytest.mark.parametrize(
    "xml",
    [
        "<websocket/>",
        "<websocket type='send'>x</websocket>",
        "<websocket type='message' ack='local'>x</websocket>",
        "<websocket type='message' frame='utf8'>x</websocket>",
        "<websocket type='connect'><http_header value='1'/></websocket>",
        "<websocket type='connect'><cookie/></websocket>",
    ],
)
def test_what_cannot_be_run_is_a_fault(xml: str) -> None:
    """Refused before the first user, not found out by the last one."""
    assert read(xml)[1].faults


@pytest.mark.parametrize(
    "xml",
    [
        "<websocket type='connect'><http_header name='Upgrade' value='x'/></websocket>",
        (
            "<websocket type='connect'>"
            "<http_header name='Sec-WebSocket-Extensions' value='permessage-deflate'/></websocket>"
        ),
        "<websocket type='message'>x<http_header name='X' value='x'/></websocket>",
        "<websocket type='message'>%%_name%%</websocket>",
        "<websocket type='connect' url='/ws'/>",
    ],
)
def test_what_has_no_effect_is_a_warning(xml: str) -> None:
    """Tsung says nothing, and the author wonders."""
    _, notes = read(xml)
    assert len(notes.warnings) == 1
    assert not notes.faults


def test_variables_need_no_warning_where_they_are_filled_in() -> None:
    """The warning is about texts that go out with their placeholders."""
    _, notes = read("<websocket type='message'>%%_name%%</websocket>", substitute=True)
    assert not notes.warnings


def test_the_room_is_found_and_describes_what_it_made() -> None:
    """`pytsung check` prints these words."""
    room = registry.installed().room("ts_websocket")
    assert room.element == "websocket"
    assert room.bidirectional
    assert room.describe(Connect("/p")) == "open a WebSocket at /p"
    assert "text message of 2 bytes, wait for an answer" in room.describe(Message("é", True))
    assert "wait for nothing" in room.describe(Message("é", ack=Ack.NONE))
    assert room.describe(CloseRequest()) == "close the WebSocket"
    assert all(
        registry.installed().request_name(r) for r in (Connect(), Message(""), CloseRequest())
    )
