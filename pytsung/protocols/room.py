"""The seam between a virtual user and a protocol.

A `Room` is everything about one session type: its request dataclasses, how its
XML element is read, and the `Conversation` that turns requests into bytes and
bytes into answers. A conversation is sans-IO: it never sees a socket, a clock or
a source of randomness that it was not handed.

A user drives a conversation so:

    begin(request, context) → Exchange      bytes to send, and how the answer ends
    feed(data)              → Feedback      more / complete / pushed by the peer
    peer_closed()           → Feedback      end of stream while an answer was awaited
    disconnected()                          the connection is gone; the next one is new
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, runtime_checkable

from pytsung.errors import PytsungError
from pytsung.plan import Cargo, CarriedFile, Endpoint, ProtocolOptions, Request
from pytsung.protocols.local import LocalWork


class Ack(enum.Enum):
    """When a request is answered (Tsung manual, attribute `ack`)."""

    ANSWER = "parse"  # when the protocol says that its answer is complete
    FIRST_DATA = "local"  # when the first byte arrives
    NONE = "no_ack"  # at once
    GLOBAL = "global"  # when all users of the test's barrier have come


@dataclass(slots=True)
class Exchange:
    """A request on the wire: the bytes to send, and what its answer is.

    `endpoint` is where it goes when that is not where the user is: the user then
    closes its connection and stays with the new endpoint. `fresh` asks for a new
    connection in any case. `work` is done on the agent host in place of all this.
    `step` belongs to the user, who leaves there what it made of `data`: an exchange that
    all users share is asked for very often.
    """

    data: bytes
    ack: Ack = Ack.ANSWER
    endpoint: Endpoint | None = None
    fresh: bool = False
    work: LocalWork | None = None
    step: Any = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class Feedback:
    """What a conversation made of the bytes it was fed.

    Not frozen, because one is made for every answer (measured: 0.2 µs, frozen 0.7);
    but nobody writes to one that was handed over.

    `complete`: the awaited answer is whole. `pushes`: messages that nobody asked
    for. `reply`: bytes the protocol wants sent at once (a pong, say). `close`:
    the connection must be closed now. `counters`: statistics to raise by one.
    `error`: the user ends, counted under this name. `answer`: the payload that
    matches and variables look at.
    """

    complete: bool = False
    pushes: int = 0
    reply: bytes = b""
    close: bool = False
    counters: tuple[str, ...] = ()
    error: str = ""
    answer: bytes = b""


@dataclass(slots=True)
class StampedFeedback(Feedback):
    """Feedback with pushes among which are published events that tell when they were sent.

    Of each: Unix time in seconds, and which event it is; empty for one that is not
    followed from receiver to receiver.
    """

    stamps: Sequence[tuple[float, str]] = ()


MORE = Feedback()
COMPLETE = Feedback(complete=True)
COMPLETE_AND_CLOSE = Feedback(complete=True, close=True)


@dataclass(slots=True)
class RequestContext:
    """What a request may draw on while its bytes are made; not to be kept beyond that.

    `fill` puts the user's variables into a text; it gives the text back as it is
    when the request asked for no substitution. `keep_answer`: somebody will look at
    the answer's payload; without it a room need not keep any. `unix_time` is now, in
    seconds. `files` came with the plan.
    """

    endpoint: Endpoint
    random: Random
    fill: Callable[[str], str]
    quirks: bool = False
    keep_answer: bool = False
    unix_time: float = 0.0
    files: Cargo = field(default_factory=dict)


class RequestError(PytsungError):
    """A request cannot be made in this state; the user ends, counted under `counter`."""

    def __init__(self, counter: str) -> None:
        super().__init__(counter)
        self.counter = counter


class Conversation(Protocol):
    """One user's exchange with one peer, in one protocol."""

    __slots__ = ()

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """Start a request; the caller connects first if there is no connection.

        Raises:
            RequestError: the request makes no sense in this state.
        """
        ...

    def feed(self, data: bytes) -> Feedback:
        """Take received bytes, awaited or not. Never raises for what a peer may send."""
        ...

    def peer_closed(self) -> Feedback:
        """Take the end of the stream while an answer is awaited."""
        ...

    def disconnected(self) -> None:
        """Forget the connection: whatever comes next is on a new one."""
        ...


class Element(Protocol):
    """The part of an XML element that a room may use (lxml's fit)."""

    @property
    def tag(self) -> str:
        """The element's name."""
        ...

    @property
    def text(self) -> str | None:
        """Text before the first child."""
        ...

    @property
    def tail(self) -> str | None:
        """Text after the element, inside its parent."""
        ...

    def get(self, name: str, /) -> str | None:
        """An attribute's value, or None."""
        ...

    def __iter__(self) -> Iterator[Element]: ...


@dataclass(slots=True)
class Scene:
    """What stands around a request in the configuration.

    `servers`: where a session begins, in the order of the file; empty after a
    `<change_type>`, when the user is elsewhere. `fills_body`: whether the request's
    `subst` reaches its body. `memory`: what a room wants to know of the session's
    earlier requests, in the order of the file. Each session has a scene of its own,
    and each `<change_type>` begins another.
    """

    servers: tuple[Endpoint, ...] = ()
    fills_body: bool = False
    memory: object = None


class Reader(Protocol):
    """Reads the attributes of an element and collects every fault with its place.

    Each method gives a usable value even after a fault, so that reading goes on
    and all faults are reported at once.
    """

    @property
    def scene(self) -> Scene:
        """What stands around the element."""
        ...

    def fault(self, element: Element, text: str, cure: str = "") -> None:
        """Report that the element cannot be run as it stands."""
        ...

    def warn(self, element: Element, text: str, cure: str = "") -> None:
        """Report something worth knowing that does not stop the run."""
        ...

    def text(self, element: Element, name: str, default: str = "") -> str:
        """A text attribute."""
        ...

    def required(self, element: Element, name: str) -> str:
        """A text attribute that must be there; a fault if it is not."""
        ...

    def choice(self, element: Element, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of `choices`; anything else is a fault."""
        ...

    def integer(self, element: Element, name: str, default: int) -> int:
        """An unsigned decimal integer."""
        ...

    def known(self, element: Element, attributes: tuple[str, ...]) -> None:
        """Warn of every attribute that is not one of these."""
        ...

    def file(self, element: Element, name: str) -> bytes:
        """What the file named by an attribute holds; a fault if it cannot be read."""
        ...

    def carried(self, element: Element, name: str) -> CarriedFile:
        """The file named by an attribute, to be found in a request's `context.files`."""
        ...

    def content(self, element: Element) -> str:
        """The element's own text, joined around comments, outer spaces stripped."""
        ...


class Room(Protocol):
    """Everything about one session type."""

    @property
    def session_type(self) -> str:
        """Tsung's name of the session type, `ts_websocket`."""
        ...

    @property
    def element(self) -> str:
        """Name of the element inside `<request>`, `websocket`."""
        ...

    @property
    def request_types(self) -> tuple[type[Request], ...]:
        """The room's request dataclasses, all of them."""
        ...

    @property
    def bidirectional(self) -> bool:
        """Whether sessions of this type are `bidi` unless they say otherwise."""
        ...

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        """The request that an element asks for; None after a fault was reported."""
        ...

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        ...

    def converse(self) -> Conversation:
        """A new user's conversation, not yet connected."""
        ...


@runtime_checkable
class RoomWithOptions(Room, Protocol):
    """A room whose sessions obey options of their own, `<option type="ts_…">`."""

    @property
    def option_names(self) -> tuple[str, ...]:
        """The names of its options."""
        ...

    @property
    def options(self) -> ProtocolOptions:
        """The options in force in this room; Tsung's defaults when nobody set any."""
        ...

    def read_option(self, element: Element, reader: Reader) -> ProtocolOptions:
        """The room's options after one more `<option>`, whose name is one of them."""
        ...

    def with_options(self, options: ProtocolOptions) -> Room:
        """The same room with other options in force."""
        ...


@runtime_checkable
class RoomWithLines(Room, Protocol):
    """A room each of whose exchanges can be written down as a line (`dumptraffic="protocol"`)."""

    def asked(self, sent: bytes) -> tuple[str, str]:
        """Method and address, as they stand in the bytes of a request."""
        ...


@runtime_checkable
class LocalRoom(Room, Protocol):
    """A room whose requests are `LocalWork`, all of them: its sessions go to no server."""

    @property
    def needs_no_server(self) -> bool:
        """True."""
        ...


def furnished(room: Room, options: Iterable[ProtocolOptions]) -> Room:
    """The room with those of a session's options that are its own."""
    if isinstance(room, RoomWithOptions):
        for each in options:
            if type(each) is type(room.options):
                return room.with_options(each)
    return room
