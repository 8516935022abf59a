"""The first bytes that a client gets: the upgrade and the first message, in one piece.

Load generators send the same head but for the key, so what a head leads to is kept
by everything in it but the key: one look-up instead of parsing (2 µs instead of 35).
Must not know sockets or counts.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.websocket.events import Opcode
from pytsung.protocols.websocket.frames import close_payload, frame
from pytsung.protocols.websocket.handshake import (
    KEY_LENGTH,
    Head,
    accept_of,
    read_request,
    response_template,
)
from pytsung_server.admission import Admission, Admitted, Request
from pytsung_server.ids import ID_LENGTH, Minter
from pytsung_server.index import Group, Index

MAX_KNOWN = 1024
MAX_KNOWN_BYTES = 2048
"""Heads remembered, and how long they may be: 2 MB a worker at most."""

_KEY_FIELD = b"\r\nSec-WebSocket-Key: "

_UPGRADE = response_template(
    (("Sec-WebSocket-Version", "13"), ("Server", "swoole-http-server")),
)
"""The head of the original, in its order (184 bytes); no date."""

_PAGE = b"<html><body><h2>HTTP 400 Bad Request</h2><p>Upgrade to WebSocket here</body></html>"

BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"Connection: close\r\n"
    b"Content-Type: text/html\r\n"
    b"Content-Length: %d\r\n"
    b"Server: swoole-http-server\r\n\r\n%b" % (len(_PAGE), _PAGE)
)


class Outcome(enum.Enum):
    """What becomes of a client after its head."""

    ADMITTED = "admitted"
    REFUSED = "refused"  # upgraded, told why not, and sent a close frame
    BAD_REQUEST = "bad request"  # not upgraded


class Greeting(NamedTuple):
    """The bytes for a client, what becomes of it, and, admitted, where it belongs.

    `first` is the number of its first subscription's id.
    """

    data: bytes
    outcome: Outcome
    group: Group | None = None
    first: int = 0


class _Welcome(NamedTuple):
    """All that a greeting says behind the accept value, cut where ids stand."""

    pieces: tuple[bytes, ...]
    outcome: Outcome
    group: Group | None


class Greeter:
    """Answers request heads; one per worker.

    `close_frames`: who is refused gets one (False as the original: only the end).
    """

    def __init__(
        self, admission: Admission, index: Index, minter: Minter, *, close_frames: bool
    ) -> None:
        self._admission = admission
        self._index = index
        self._minter = minter
        self._close_frames = close_frames
        self._known: dict[tuple[bytes, bytes], _Welcome] = {}

    def greet(self, head: bytes, address: Callable[[], str]) -> Greeting:
        """Answer a whole request head, its empty line included, from a client at `address`."""
        before, _, after = head.partition(_KEY_FIELD)
        key = after[:KEY_LENGTH]
        welcome = self._known.get((before, after[KEY_LENGTH:]))
        if welcome is None or b"\r" in key or b"\n" in key:
            try:
                request = read_request(head)
            except RemoteProtocolError:
                request = None
            if request is None or not _asks_for_upgrade(request):
                return Greeting(BAD_REQUEST, Outcome.BAD_REQUEST)
            welcome, lasting = self._welcome(request, address)
            is_plain = request.key == key and _KEY_FIELD not in after
            if lasting and is_plain and len(head) <= MAX_KNOWN_BYTES:
                self._remember((before, after[KEY_LENGTH:]), welcome)
            key = request.key
        pieces, outcome, group = welcome
        start = _UPGRADE.before + accept_of(key) + pieces[0]
        if len(pieces) == 1:
            return Greeting(start, outcome, group)
        first = self._minter.take(len(pieces) - 1)
        if len(pieces) == 2:
            data = start + self._minter.pattern % first + pieces[1]
            return Greeting(data, outcome, group, first)
        for number, piece in enumerate(pieces[1:], first):
            start += self._minter.pattern % number + piece
        return Greeting(start, outcome, group, first)

    def forget(self) -> None:
        """Look at every request anew: who may come in has changed."""
        self._known.clear()

    def _remember(self, shape: tuple[bytes, bytes], welcome: _Welcome) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[shape] = welcome

    def _welcome(self, head: Head, address: Callable[[], str]) -> tuple[_Welcome, bool]:
        """What to say to a request, and whether it holds for the next one, too."""
        # Heads are read as latin-1; what stands in a target unescaped is UTF-8.
        target = head.target.encode("latin-1").decode("utf-8", "replace")
        decision = self._admission.decide(Request(target, head.headers, address))
        if isinstance(decision, Admitted):
            group = self._index.group(decision.standing, decision.subscriptions)
            first, *rest = _frame_around_ids(decision.message)
            pieces = (_UPGRADE.after + first, *rest)
            return _Welcome(pieces, Outcome.ADMITTED, group), decision.lasting
        frames = frame(Opcode.TEXT, decision.message)
        if self._close_frames:
            frames += close_frame(decision.close_code)
        return _Welcome((_UPGRADE.after + frames,), Outcome.REFUSED, None), decision.lasting


def close_frame(code: int) -> bytes:
    """The close frame with `code`, for those who are not asked what they think of it."""
    return frame(Opcode.CLOSE, close_payload(code, ""))


def _asks_for_upgrade(request: Head) -> bool:
    """Whether the original would upgrade: it does not look at the version."""
    return request.start.startswith("GET ") and request.agrees_to_upgrade and bool(request.key)


def _frame_around_ids(message: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The text frame of a message, cut where the ids stand."""
    whole = frame(Opcode.TEXT, bytes(ID_LENGTH).join(message))
    size = sum(map(len, message)) + ID_LENGTH * (len(message) - 1)
    header = whole[: len(whole) - size]
    return (header + message[0], *message[1:])
