"""One answer as it comes, in any pieces: heads, then a body that ends in one of four ways.

    HEAD ──interim──▶ HEAD          COUNTED     so many bytes, perhaps none
      └──final──▶ one of            CHUNKED     until the last chunk
                                    ENDLESS     until the peer closes
                                    BLOCK       with the head's own block (Tsung's quirk)

What no one looks at is counted and let go. A peer that breaks the rules costs a
counter, and its connection. Must not know cookies, or what the session does next.
"""

from __future__ import annotations

import enum

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.http.chunks import ChunkReader
from pytsung.protocols.http.codings import MAX_DECODED_BYTES, CodingError, decode
from pytsung.protocols.http.heads import (
    MAX_HEAD_BYTES,
    Head,
    check_start,
    find_end,
    read_head,
)
from pytsung.protocols.room import MORE, Feedback

BAD_STATUS = "error_http_bad_status"
HEAD_TOO_LONG = "error_http_header_too_long"
BAD_LENGTH = "error_http_bad_content_length"
BAD_CHUNK = "error_http_unexpected_chunkdata"
CLOSED = "error_http_closed"
BAD_CODING = "error_http_decode"
BODY_TOO_LONG = "error_http_body_too_long"

MAX_KEPT_BYTES = MAX_DECODED_BYTES
"""Of a body that somebody looks at; the rest is counted and let go."""

MAX_INTERIM = 100
"""Heads before the final one; no server has so much to say."""


class Ending(enum.IntEnum):
    """How the answer's body ends; the module's docstring says more."""

    UNKNOWN = 0
    COUNTED = 1
    CHUNKED = 2
    ENDLESS = 3
    BLOCK = 4


class Answer:
    """The answer to one request. `bodiless`: it was a HEAD. `keep`: somebody will look at it.

    `head`, and `head_bytes`, are there once it has come.
    """

    __slots__ = (
        "_bodiless",
        "_chunks",
        "_errors",
        "_interim",
        "_keep",
        "_kept",
        "_pending",
        "_quirks",
        "_remaining",
        "ending",
        "head",
        "head_bytes",
        "is_over",
    )

    def __init__(self, *, bodiless: bool, keep: bool, quirks: bool) -> None:
        self._bodiless = bodiless
        self._keep = keep
        self._quirks = quirks
        self._pending: bytearray | None = None  # of a head
        self._interim = 0
        self._remaining = 0
        self._chunks: ChunkReader | None = None
        self._kept = bytearray()
        self._errors: list[str] = []
        self.ending = Ending.UNKNOWN
        self.head: Head | None = None
        self.head_bytes = b""
        self.is_over = False

    def feed(self, data: bytes) -> Feedback:
        """Take received bytes, until the answer is over."""
        head = self.head
        if head is not None:
            return self._feed_body(head, data, ())
        counters: list[str] = []
        try:
            rest = self._feed_head(data, counters)
        except _HeadTooLongError:
            return self._fail(HEAD_TOO_LONG, counters)
        except RemoteProtocolError:
            return self._fail(BAD_STATUS, counters)
        if self.head is None:
            return Feedback(counters=tuple(counters)) if counters else MORE
        return self._feed_body(self.head, rest, tuple(counters))

    def end(self) -> Feedback:
        """Take the end of the stream: it ends some bodies, and breaks off others."""
        if self.head is not None and self.ending is Ending.ENDLESS:
            feedback = self._complete(self.head, ())
        else:
            self.is_over = True
            came = bytes(self._pending or b"") if self.head is None else self._raw()
            feedback = Feedback(complete=True, counters=(CLOSED,), answer=came * self._keep)
        feedback.close = True
        return feedback

    # -- the head -----------------------------------------------------------------

    def _feed_head(self, data: bytes, counters: list[str]) -> bytes:
        """Read heads up to the final one, if it is there; gives what follows it."""
        buffer: bytes | bytearray = data
        searched = 0
        if self._pending is not None:
            searched = max(0, len(self._pending) - 2)
            self._pending += data
            buffer = self._pending
        while True:
            check_start(buffer)
            end = find_end(buffer, searched)
            if max(end, len(buffer) if end < 0 else 0) > MAX_HEAD_BYTES:
                raise _HeadTooLongError(f"no end of the head in {MAX_HEAD_BYTES} bytes")
            if end < 0:
                self._pending = buffer if isinstance(buffer, bytearray) else bytearray(buffer)
                return b""
            head_bytes = bytes(buffer[:end])
            head = read_head(head_bytes)
            buffer = bytes(buffer[end:])
            if not head.is_interim:
                self._begin_body(head, head_bytes)
                return buffer
            counters.append(str(head.status))
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise RemoteProtocolError("too many interim responses")
            searched = 0

    def _begin_body(self, head: Head, head_bytes: bytes) -> None:
        self._pending = None
        self.head = head
        self.head_bytes = head_bytes
        if self._bodiless or head.has_no_body:
            self.ending = Ending.COUNTED
        elif head.is_chunked:
            self.ending = Ending.CHUNKED
            self._chunks = ChunkReader()
        elif not head.lengths_agree:
            self.ending = Ending.BLOCK
            self._errors.append(BAD_LENGTH)
        elif head.length is not None:
            self.ending = Ending.COUNTED
            self._remaining = head.length
        else:
            self.ending = Ending.BLOCK if self._quirks and not head.closes else Ending.ENDLESS

    # -- the body -----------------------------------------------------------------

    def _feed_body(self, head: Head, data: bytes, counters: tuple[str, ...]) -> Feedback:
        if self.ending is Ending.COUNTED:
            surplus = len(data) > self._remaining
            piece = data[: self._remaining] if surplus else data
            self._remaining -= len(piece)
            self._take(piece)
            if self._remaining:
                return _more(counters)
            if surplus:
                self._errors.append(BAD_LENGTH)
        elif self._chunks is not None:
            if not self._feed_chunks(self._chunks, data):
                return _more(counters)
        elif self.ending is Ending.ENDLESS:
            self._take(data)
            return _more(counters)
        elif data and BAD_LENGTH not in self._errors:
            self._errors.append(BAD_LENGTH)
        return self._complete(head, counters)

    def _feed_chunks(self, chunks: ChunkReader, data: bytes) -> bool:
        """Read chunks; whether the body is over, well or badly."""
        try:
            end = chunks.feed(data, self._take)
        except RemoteProtocolError:
            self._errors.append(BAD_CHUNK)
            return True
        if chunks.is_done and end < len(data):
            self._errors.append(BAD_LENGTH)
        return chunks.is_done

    def _take(self, piece: bytes) -> None:
        """Keep a piece of the body if anybody wants it."""
        if self._keep:
            room = MAX_KEPT_BYTES - len(self._kept)
            if len(piece) > room:
                piece = piece[:room]
                if BODY_TOO_LONG not in self._errors:
                    self._errors.append(BODY_TOO_LONG)
            self._kept += piece

    # -- its end ------------------------------------------------------------------

    def _complete(self, head: Head, counters: tuple[str, ...]) -> Feedback:
        self.is_over = True
        answer = self._decoded(head) if self._keep else b""
        broken = not self._quirks and (BAD_LENGTH in self._errors or BAD_CHUNK in self._errors)
        return Feedback(
            complete=True,
            close=broken or head.closes or head.status == 101,
            counters=(*counters, f"{head.status:03}", *self._errors),
            answer=answer,
        )

    def _decoded(self, head: Head) -> bytes:
        """Head and body as matches and variables see them."""
        has_body = self.ending is not Ending.COUNTED or not (self._bodiless or head.has_no_body)
        if head.codings and has_body:
            try:
                return self.head_bytes + decode(bytes(self._kept), head.codings)
            except CodingError:
                self._errors.append(BAD_CODING)
        return self._raw()

    def _raw(self) -> bytes:
        return self.head_bytes + self._kept

    def _fail(self, error: str, counters: list[str]) -> Feedback:
        """The peer does not speak HTTP: the user ends."""
        self.is_over = True
        return Feedback(close=True, counters=tuple(counters), error=error)


class _HeadTooLongError(RemoteProtocolError):
    """The head has more than MAX_HEAD_BYTES."""


def _more(counters: tuple[str, ...]) -> Feedback:
    return Feedback(counters=counters) if counters else MORE
