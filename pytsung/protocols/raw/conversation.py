"""One user's raw exchange: whatever comes is an answer, or was not asked for.

Blocks are as the transport gives them: what one read of a stream gave, one
datagram, one message of a WebSocket. Nothing is put together, as in Tsung. Must not
know which transport it is.
"""

from __future__ import annotations

from pytsung.plan import Request
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.room import Exchange, Feedback, RequestContext, RequestError
from pytsung.protocols.text import to_bytes

LARGEST = 64 * 2**20
"""Bytes of one request; a variable might ask for any number."""

BAD_SIZE = "error_raw_datasize"
"""Counted where a variable gives no size, or one beyond `LARGEST`; the user ends."""

_PUSH = Feedback(pushes=1)


class RawConversation:
    """Has no state: the user itself takes the first block after a request for its answer."""

    __slots__ = ()

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """The bytes of a request.

        Raises:
            RequestError: the size is none.
        """
        if not isinstance(request, RawRequest):
            raise TypeError(f"not a request of ts_raw: {request!r}")
        size = _size(context.fill(request.size)) if request.size else 0
        if size:
            return Exchange(bytes(size), request.ack)
        return Exchange(to_bytes(context.fill(request.data), quirks=context.quirks), request.ack)

    def feed(self, data: bytes) -> Feedback:  # noqa: ARG002 - it means nothing to us
        """Take a block that was not awaited."""
        return _PUSH

    def peer_closed(self) -> Feedback:
        """Take the end of the stream."""
        return Feedback(complete=True, close=True)

    def disconnected(self) -> None:
        """Forget the connection, of which nothing was known."""


def _size(text: str) -> int:
    text = text.strip()
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else LARGEST + 1
    if size > LARGEST:
        raise RequestError(BAD_SIZE)
    return size
