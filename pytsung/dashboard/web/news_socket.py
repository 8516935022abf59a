"""News and orders over one WebSocket (RFC 6455), for programs such as `pytsung watch`.

A message to the other end is an item of news, or `{"answer": …}` to an order; each one
from there is an order. Must not know what the news say, nor what an order does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import trio
from starlette.websockets import WebSocket, WebSocketState

Take = Callable[[str | bytes], dict[str, Any]]
"""Carries out an order, JSON, and gives the answer to it."""


async def converse(socket: WebSocket, news: AsyncGenerator[str, None], take: Take) -> None:
    """Send item by item until the news end, then close; or until the other end has gone.

    The next item is asked for when the last one is on its way: nothing is queued.
    """
    await socket.accept()
    sending = trio.Lock()
    async with aclosing(news) as items, trio.open_nursery() as nursery:
        nursery.start_soon(_take_orders, socket, sending, take, nursery.cancel_scope)
        async for text in items:
            async with sending:
                await socket.send_text(text)
        async with sending:
            if socket.client_state is WebSocketState.CONNECTED:
                await socket.close()
        nursery.cancel_scope.cancel()


async def _take_orders(
    socket: WebSocket, sending: trio.Lock, take: Take, until_gone: trio.CancelScope
) -> None:
    """Answer orders in turn; whoever only sends would never learn that nobody is there."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        answer = take(message.get("text") or message.get("bytes") or "")
        async with sending:
            await socket.send_text(json.dumps({"answer": answer}))
    until_gone.cancel()
