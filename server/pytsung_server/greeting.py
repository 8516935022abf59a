"""The first bytes that a client gets: the upgrade and the first message, in one piece.

Load generators send the same head but for the key, so what a head leads to is kept
by everything in it but the key: one look-up instead of parsing (1 µs instead of 15).
Must not know sockets or counts.
"""

from __future__ import annotations

import enum
import itertools
import secrets
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
from pytsung_server.admission import Admitted, admit
from pytsung_server.settings import Profile

MAX_KNOWN = 1024
MAX_KNOWN_BYTES = 2048
"""Heads remembered, and how long they may be: 2 MB a worker at most."""

ID_LENGTH = 20
"""A subscription's id is this many hexadecimal digits."""

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
    """The bytes for a client, and what becomes of it."""

    data: bytes
    outcome: Outcome


class _Welcome(NamedTuple):
    """All that a greeting says, but for the accept value and the subscription's id."""

    after_accept: bytes
    after_id: bytes  # empty: there is no id
    outcome: Outcome


class Greeter:
    """Answers request heads; one per worker, so that ids need no lock."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._known: dict[tuple[bytes, bytes], _Welcome] = {}
        # 20 hexadecimal digits: half of them the worker's, half a number.
        self._id_prefix = secrets.token_hex(5).encode()
        self._numbers = itertools.count()

    def greet(self, head: bytes) -> Greeting:
        """Answer a whole request head, its empty line included."""
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
            welcome = self._welcome(request)
            if request.key == key and _KEY_FIELD not in after and len(head) <= MAX_KNOWN_BYTES:
                self._remember((before, after[KEY_LENGTH:]), welcome)
            key = request.key
        start = _UPGRADE.before + accept_of(key) + welcome.after_accept
        if welcome.after_id:
            number = b"%010x" % next(self._numbers)
            return Greeting(start + self._id_prefix + number + welcome.after_id, welcome.outcome)
        return Greeting(start, welcome.outcome)

    def _remember(self, shape: tuple[bytes, bytes], welcome: _Welcome) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[shape] = welcome

    def _welcome(self, request: Head) -> _Welcome:
        # Heads are read as latin-1; what stands in a target unescaped is UTF-8.
        target = request.target.encode("latin-1").decode("utf-8", "replace")
        project = request.headers.get("x-appwrite-project", "")
        decision = admit(self._profile, target, project)
        if isinstance(decision, Admitted):
            start, rest = _frame_around_id(decision.message)
            return _Welcome(_UPGRADE.after + start, rest, Outcome.ADMITTED)
        frames = frame(Opcode.TEXT, decision.message) + close_frame(decision.close_code)
        return _Welcome(_UPGRADE.after + frames, b"", Outcome.REFUSED)


def close_frame(code: int) -> bytes:
    """The close frame with `code`, for those who are not asked what they think of it."""
    return frame(Opcode.CLOSE, close_payload(code, ""))


def _asks_for_upgrade(request: Head) -> bool:
    """Whether the original would upgrade: it does not look at the version."""
    return request.start.startswith("GET ") and request.agrees_to_upgrade and bool(request.key)


def _frame_around_id(message: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """The text frame of a message, cut where the subscription's id stands, if it has one."""
    if len(message) == 1:
        return frame(Opcode.TEXT, message[0]), b""
    whole = frame(Opcode.TEXT, bytes(ID_LENGTH).join(message))
    after = message[1]
    return whole[: -len(after) - ID_LENGTH], after
