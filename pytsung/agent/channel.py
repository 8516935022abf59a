"""Messages over a trio stream: a thin shell around the sans-IO codec.

Must not know what the messages mean. One task receives; sending is serialised.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import trio

from pytsung.control.codec import MessageCodec
from pytsung.control.messages import Message

RECEIVE_SIZE = 65536


class Channel:
    """Messages to and from one peer. `send` may be called from any task."""

    def __init__(self, stream: trio.abc.Stream, codec: MessageCodec) -> None:
        self._stream = stream
        self._codec = codec
        self._sending = trio.Lock()

    async def send(self, message: Message) -> None:
        """Send one message. A peer that is gone raises trio.BrokenResourceError."""
        data = self._codec.send(message)
        async with self._sending:
            await self._stream.send_all(data)

    async def messages(self) -> AsyncGenerator[Message, None]:
        """What the peer says, until it says no more; for one task only."""
        while True:
            try:
                data = await self._stream.receive_some(RECEIVE_SIZE)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return  # reset, or closed here: the same as the end
            if not data:
                return
            for message in self._codec.feed(bytes(data)):
                yield message

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()
