"""A data message that arrives in pieces: in several frames, or a frame in several reads.

Each piece is unmasked and checked as it comes, so that a message that is too long
or not UTF-8 is refused at once, and pieces of one byte cost no more than one byte.
Must not know frames' bytes, control frames, or whether a message may begin now.
"""

from __future__ import annotations

import codecs

from pytsung.errors import RemoteProtocolError
from pytsung.protocols.websocket.events import BinaryMessage, CloseCode, TextMessage
from pytsung.protocols.websocket.masking import apply_mask, rotate_key

_UTF8_DECODER = codecs.getincrementaldecoder("utf-8")


class Assembly:
    """One message under way.

    `remaining`: how many bytes its current frame still lacks.
    """

    __slots__ = ("_checker", "_data", "_final", "_key", "_limit", "_size", "remaining")

    def __init__(self, *, is_text: bool, limit: int) -> None:
        self._limit = limit
        self._checker = _UTF8_DECODER() if is_text else None
        self._data = bytearray()
        self._size = 0
        self._final = False
        self._key = b""
        self.remaining = 0

    def begin_frame(self, length: int, key: bytes, *, final: bool) -> None:
        """The message goes on with a frame of `length` bytes.

        Raises:
            RemoteProtocolError: the message would get longer than the limit.
        """
        self._size += length
        check_size(self._size, self._limit)
        self.remaining = length
        self._key = key
        self._final = final

    def add(self, piece: bytes) -> None:
        """Take payload of the current frame, at most what it lacks.

        Raises:
            RemoteProtocolError: the text is not UTF-8.
        """
        self.remaining -= len(piece)
        if self._key:
            key = self._key
            self._key = rotate_key(key, len(piece))
            piece = apply_mask(piece, key)
        if self._checker is not None:
            try:
                self._checker.decode(piece, final=self.is_whole)
            except UnicodeDecodeError as error:
                raise invalid_text() from error
        self._data += piece

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self._final and not self.remaining

    def message(self) -> TextMessage | BinaryMessage:
        """The message, once it is whole."""
        if self._checker is None:
            return BinaryMessage(bytes(self._data))
        return TextMessage(self._data.decode())


def check_size(size: int, limit: int) -> None:
    """Raise RemoteProtocolError for a message of more than `limit` bytes."""
    if size > limit:
        raise RemoteProtocolError(
            f"a message of {size} bytes or more; the limit is {limit}", CloseCode.MESSAGE_TOO_BIG
        )


def invalid_text() -> RemoteProtocolError:
    """The error for text that is not UTF-8 (RFC 6455, 8.1)."""
    return RemoteProtocolError("text is not valid UTF-8 (RFC 6455, 8.1)", CloseCode.INVALID_PAYLOAD)
