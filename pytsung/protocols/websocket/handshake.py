"""The opening handshake of RFC 6455, section 4, for both ends: heads as bytes, and read back.

All heads of one request, or of one server, differ in one value only (the key, or
its answer), so each end makes a `HeadTemplate` once and fills it per connection.
Must not know sockets, frames, or where random numbers come from.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from pytsung.errors import RemoteProtocolError

MAX_HEAD_BYTES = 64000
"""Longest request or response head that is read."""

KEY_LENGTH = 24
"""Length of a key: 16 bytes in base64."""

_ACCEPT_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_END_OF_HEAD = b"\r\n\r\n"
# A header line with the line break before it: a token (RFC 9110, 5.6.2), then anything.
_FIELD = re.compile(r"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)(?=\r\n|\Z)")

Headers = Sequence[tuple[str, str]]


def make_key(random: Random) -> bytes:
    """A fresh key of 24 characters (RFC 6455, 4.1)."""
    return b2a_base64(random.getrandbits(128).to_bytes(16, "little"), newline=False)


def accept_of(key: bytes) -> bytes:
    """What a server answers to `key`: 28 characters (RFC 6455, 4.2.2)."""
    digest = hashlib.sha1(key + _ACCEPT_SUFFIX, usedforsecurity=False).digest()
    return b2a_base64(digest, newline=False)


@dataclass(frozen=True, slots=True)
class HeadTemplate:
    """A head but for one value."""

    before: bytes
    after: bytes

    def fill(self, value: bytes) -> bytes:
        """The head with `value` in its place."""
        return self.before + value + self.after


def request_template(
    host: str,
    path: str,
    *,
    origin: str,
    headers: Headers = (),
    subprotocols: str = "",
) -> HeadTemplate:
    """A client's request around its key, with the headers in Tsung's order."""
    before = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Origin: {origin}",
        "Sec-WebSocket-Key: ",
    ]
    after = ["", "Sec-WebSocket-Version: 13", *_lines(headers)]
    if subprotocols:
        after.append(f"Sec-WebSocket-Protocol: {subprotocols}")
    return HeadTemplate(_encode(before), _encode(after) + _END_OF_HEAD)


def response_template(headers: Headers = ()) -> HeadTemplate:
    """A server's agreement around its accept value; `headers` follow that."""
    before = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: ",
    ]
    return HeadTemplate(_encode(before), _encode(["", *_lines(headers)]) + _END_OF_HEAD)


def _lines(headers: Headers) -> Iterable[str]:
    return (f"{name}: {value}" for name, value in headers)


def _encode(lines: Sequence[str]) -> bytes:
    return "\r\n".join(lines).encode("utf-8", "replace")


@dataclass(slots=True)
class Head:
    """A request's or response's first line and headers, and how many bytes they took.

    Header names are in lower case; a repeated header's values are joined by `, `.
    """

    start: str
    headers: dict[str, str]
    size: int

    def has_token(self, name: str, token: str) -> bool:
        """Whether a header's comma-separated list has `token`, in any case."""
        value = self.headers.get(name, "").lower()
        return value == token or token in [part.strip() for part in value.split(",")]

    @property
    def agrees_to_upgrade(self) -> bool:
        """Whether `Upgrade` and `Connection` both speak of a WebSocket."""
        return self.has_token("upgrade", "websocket") and self.has_token("connection", "upgrade")

    @property
    def target(self) -> str:
        """The target in a request's first line."""
        return self.start.split(" ")[1]

    @property
    def key(self) -> bytes:
        """A request's key; empty when there is none of the right length."""
        key = self.headers.get("sec-websocket-key", "")
        return key.encode("latin-1") if len(key) == KEY_LENGTH else b""

    @property
    def is_upgrade_request(self) -> bool:
        """Whether this asks for a WebSocket as RFC 6455, 4.2.1 wants it, version included."""
        return (
            self.start.startswith("GET ")
            and self.agrees_to_upgrade
            and self.headers.get("sec-websocket-version") == "13"
            and bool(self.key)
        )

    def is_agreement(self, accept: bytes) -> bool:
        """Whether this response completes the handshake that expects `accept` (4.1)."""
        return (
            self.start.startswith("HTTP/1.1 101")
            and self.agrees_to_upgrade
            and self.headers.get("sec-websocket-accept", "").encode("latin-1") == accept
        )


def read_request(data: bytes, *, limit: int = MAX_HEAD_BYTES) -> Head | None:
    """The request head that `data` begins with; None while it is not complete.

    Raises:
        RemoteProtocolError: it cannot become an HTTP/1 request head of `limit` bytes.
    """
    head = _read_head(data, limit)
    if head is not None:
        parts = head.start.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise RemoteProtocolError(f"not an HTTP/1 request: {head.start[:80]!r}")
    return head


def read_response(data: bytes, *, limit: int = MAX_HEAD_BYTES) -> Head | None:
    """The response head that `data` begins with; None while it is not complete.

    Raises:
        RemoteProtocolError: it cannot become an HTTP/1 response head of `limit` bytes.
    """
    if not data.startswith(b"HTTP/1."[: len(data)]):
        raise RemoteProtocolError(f"not an HTTP/1 response: {data[:80]!r}")
    return _read_head(data, limit)


def _read_head(data: bytes, limit: int) -> Head | None:
    end = data.find(_END_OF_HEAD, 0, limit)
    if end < 0:
        if len(data) >= limit:
            raise RemoteProtocolError(f"no end of the head in {limit} bytes")
        return None
    text = data[:end].decode("latin-1")
    start, _, _ = text.partition("\r\n")
    fields = _FIELD.findall(text, len(start))
    if len(fields) != text.count("\r\n"):
        raise RemoteProtocolError(f"not all header lines can be read: {text[:200]!r}")
    headers = {name.lower(): value.rstrip(" \t") for name, value in fields}
    if len(headers) != len(fields):
        headers = _joined(fields)
    return Head(start, headers, end + len(_END_OF_HEAD))


def _joined(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers, some of which are repeated; that is a list in parts (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for name, value in fields:
        name = name.lower()
        value = value.rstrip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
