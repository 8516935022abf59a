"""The head of a response: what of it says how the answer goes on.

Looks for the few fields that matter and leaves the rest alone. Must not know what
was asked, nor where a body is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.text import to_text

MAX_HEAD_BYTES = 256 * 1024
"""A longer head is refused, as by Chromium."""

START = b"HTTP/"

_END = re.compile(rb"\n\r?\n")  # a bare line feed ends a line too (RFC 9112, 2.2)
_STATUS = re.compile(rb"HTTP/(\d)\.(\d)[ \t]+(\d{3})(?!\d)")
_FIELD = re.compile(
    rb"\n(content-length|transfer-encoding|(?:proxy-)?connection|set-cookie|content-encoding)"
    rb"[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)",
    re.IGNORECASE,
)
_KEEP_ALIVE = [b"keep-alive"]
_FOLD = re.compile(rb"\r?\n[ \t]+")


@dataclass(slots=True)
class Head:
    """What the head of a response says; not frozen only because one is made often.

    `length` is None when none is given; `lengths_agree` is false when it cannot be
    relied on. `closes`: the server will close the connection, or we must.
    """

    status: int
    length: int | None = None
    lengths_agree: bool = True
    is_chunked: bool = False
    closes: bool = False
    codings: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()

    @property
    def is_interim(self) -> bool:
        """Whether another head follows; 101 is final, for we never asked for it."""
        return self.status < 200 and self.status != 101

    @property
    def has_no_body(self) -> bool:
        """Whether the status alone says so (RFC 9112, 6.3)."""
        return self.status < 200 or self.status in (204, 304)


def find_end(data: bytes | bytearray, start: int = 0) -> int:
    """Where the head in `data` ends, the empty line included; -1 while it does not."""
    match = _END.search(data, start)
    return match.end() if match else -1


def check_start(data: bytes | bytearray) -> None:
    """Raise RemoteProtocolError for data that cannot become a response."""
    if data[:5] != START[: len(data)]:
        raise RemoteProtocolError(f"not an HTTP response: {bytes(data[:80])!r}")


def read_head(data: bytes) -> Head:
    """What a whole head says. Raises RemoteProtocolError for a status line that is none."""
    status = _STATUS.match(data)
    if status is None:
        raise RemoteProtocolError(f"not a status line: {data[:80]!r}")
    head = Head(int(status[3]), closes=(status[1], status[2]) < (b"1", b"1"))
    lengths: list[bytes] = []
    connection: list[bytes] = []
    for name, value in _FIELD.findall(data, status.end()):
        if b"\n" in value:
            value = _FOLD.sub(b" ", value)
        name = name.lower()
        if name == b"content-length":
            if value.isdigit():  # the usual case; a list of them is not
                lengths.append(value)
            else:
                lengths += _tokens(value)
        elif name == b"set-cookie":
            head.cookies += (to_text(value.strip(b" \t")),)
        elif name == b"transfer-encoding":
            head.is_chunked = head.is_chunked or b"chunked" in _tokens(value)
        elif name == b"content-encoding":
            head.codings += tuple(token.decode("latin-1") for token in _tokens(value))
        else:
            connection += _tokens(value)
    if connection and (head.closes or connection != _KEEP_ALIVE):
        head.closes = b"close" in connection or (head.closes and b"keep-alive" not in connection)
    if lengths:
        _read_lengths(head, lengths)
    return head


def _read_lengths(head: Head, lengths: list[bytes]) -> None:
    """One length, perhaps repeated (RFC 9112, 6.3); anything else cannot be relied on."""
    first = lengths[0]
    if first.isdigit() and len(first) <= 18 and lengths.count(first) == len(lengths):
        head.length = int(first)
    else:
        head.lengths_agree = False


def _tokens(value: bytes) -> list[bytes]:
    """The parts of a list, in lower case."""
    return [part.strip(b" \t") for part in value.lower().split(b",")]
