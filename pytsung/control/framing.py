"""Messages on a byte stream: four bytes of length, big-endian, then so many bytes.

Must not know what the bytes mean. The limit bounds what a broken peer can make us keep.
"""

from __future__ import annotations

from pytsung.errors import AgentError

LENGTH_BYTES = 4
MAX_FRAME = 64 * 1024 * 1024
"""Longest frame taken, in bytes: a plan of some hundred thousand steps is far below it."""


def frame(data: bytes) -> bytes:
    """The bytes to write for one message."""
    if len(data) > MAX_FRAME:
        raise AgentError(
            f"control channel: a message of {len(data)} bytes is over the limit of {MAX_FRAME}"
        )
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


class FrameDecoder:
    """Cuts a byte stream into frames; one per stream."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete with `data`. Raises AgentError for an impossible length."""
        self._buffer += data
        frames = []
        start = 0
        while len(self._buffer) - start >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[start : start + LENGTH_BYTES], "big")
            if length > MAX_FRAME:
                raise AgentError(
                    f"control channel: a frame of {length} bytes is announced; not a pytsung agent?"
                )
            end = start + LENGTH_BYTES + length
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[start + LENGTH_BYTES : end]))
            start = end
        del self._buffer[:start]
        return frames
