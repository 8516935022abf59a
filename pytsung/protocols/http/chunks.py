"""The chunked transfer coding (RFC 9112, 7.1), as it comes in any pieces.

Extensions and trailers are read and forgotten. Must not know what is in a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pytsung.errors import RemoteProtocolError

MAX_LINE_BYTES = 16 * 1024
"""Of a chunk's size with its extensions, or of a trailer."""

MAX_TRAILERS = 1000

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")

_SIZE_LINE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class ChunkReader:
    """Reads one chunked body; keeps no more than an incomplete line."""

    __slots__ = ("_line", "_remaining", "_state", "_trailers")

    def __init__(self) -> None:
        self._state = _SIZE_LINE
        self._line = b""
        self._remaining = 0
        self._trailers = 0

    @property
    def is_done(self) -> bool:
        """Whether the body is whole."""
        return self._state == _DONE

    def feed(self, data: bytes, take: Callable[[bytes], None]) -> int:
        """Read on, handing the pieces to `take`; gives where in `data` reading ended.

        Raises:
            RemoteProtocolError: this is no chunked body.
        """
        position = 0
        size = len(data)
        while position < size and self._state != _DONE:
            if self._state == _DATA:
                end = min(position + self._remaining, size)
                take(data[position:end])
                self._remaining -= end - position
                position = end
                if not self._remaining:
                    self._state = _DATA_END
            else:
                position = self._read_line(data, position)
        return position

    def _read_line(self, data: bytes, position: int) -> int:
        """Take a line, or what there is of it."""
        end = data.find(b"\n", position) + 1
        line = self._line + data[position : end or len(data)]
        if len(line) > MAX_LINE_BYTES:
            raise RemoteProtocolError(f"a line of more than {MAX_LINE_BYTES} bytes between chunks")
        if end:
            self._line = b""
            self._take(line)
            return end
        if self._state == _DATA_END and line != b"\r":
            raise RemoteProtocolError(f"a chunk longer than it said: {line[:20]!r}")
        self._line = line
        return len(data)

    def _take(self, line: bytes) -> None:
        """Heed a whole line."""
        if self._state == _SIZE_LINE:
            match = _SIZE.fullmatch(line)
            if match is None:
                raise RemoteProtocolError(f"not the size of a chunk: {line[:20]!r}")
            self._remaining = int(match[1], 16)
            self._state = _DATA if self._remaining else _TRAILERS
        elif line in (b"\r\n", b"\n"):
            self._state = _SIZE_LINE if self._state == _DATA_END else _DONE
        elif self._state == _DATA_END:
            raise RemoteProtocolError(f"a chunk longer than it said: {line[:20]!r}")
        else:
            self._trailers += 1
            if self._trailers > MAX_TRAILERS:
                raise RemoteProtocolError(f"more than {MAX_TRAILERS} trailers")
