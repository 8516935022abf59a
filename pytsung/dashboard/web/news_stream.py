"""News as server-sent events (WHATWG HTML, 9.2): an answer that ends when the browser goes.

Must not know what the news say.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class NewsStream(Response):
    """One browser's stream. A browser that was cut off asks again by itself."""

    media_type = "text/event-stream"

    def __init__(self, news: AsyncGenerator[str, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._news = news

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        """Send item by item; the next one is asked for when the last one is on its way."""
        async with aclosing(self._news) as news, trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_when_gone, receive, nursery.cancel_scope)
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            async for text in news:
                data = f"data: {text}\n\n".encode()
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})
            nursery.cancel_scope.cancel()


async def _cancel_when_gone(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
