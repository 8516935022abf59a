"""A byte stream of messages, sans-IO: framing and encoding put together.

One codec per stream, the same on both ends. Must not know what carries the bytes.
"""

from __future__ import annotations

from pytsung.control.encoding import Encoder
from pytsung.control.framing import FrameDecoder, frame
from pytsung.control.messages import Message


class MessageCodec:
    """`feed` bytes and get messages; `send` a message and get bytes.

    Both raise AgentError for what is not, or cannot be, a message.
    """

    __slots__ = ("_encoder", "_frames")

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._frames = FrameDecoder()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with `data`."""
        return [self._encoder.decode(body) for body in self._frames.feed(data)]

    def send(self, message: Message) -> bytes:
        """The bytes of one message."""
        return frame(self._encoder.encode(message))
