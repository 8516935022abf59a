"""The news of a run from its page, over a WebSocket; and orders to it.

For `pytsung watch URL`. A connection that is lost is made again: the first item of each
tells of the run from its beginning. Must not know what the news say.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)

from pytsung.dashboard.beside import beside
from pytsung.errors import UsageError

LONGEST = 2**24
PATIENCE = 15.0
"""Seconds for the page to answer: the first visitor waits until its server is loaded."""

SILENCE = 15.0
"""Seconds without news after which the page is asked whether it is still there: a running
test has some each second, but one that is kept open after its end has none."""

AGAIN = 1.0
"""Seconds between two tries to connect."""

GIVE_UP = 60.0
"""Seconds of tries after which a page that was there is gone."""

NORMAL = 1000
"""The code with which the page closes when the run is over (RFC 6455, 7.4.1)."""


NOT_OURS = "this is no page of pytsung's; give the URL that it printed"

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class _UnreachableError(UsageError):
    """Nobody answers: now, but perhaps in a moment."""


class PageClient:
    """One page, by its URL, with its token if it has one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: no address of a page; write http://HOST:8091/")
        self.url = url
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._is_secure else 80)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._token = parse_qs(parts.query).get("token", [""])[0]
        self._connection: WebSocketConnection | None = None
        self._answers, self._answer = trio.open_memory_channel[dict[str, Any]](1)
        self._lost_at: float | None = None
        self._failure: UsageError | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the connection is lost, for now."""
        return self._lost_at is not None

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[Any]]:
        """The news, one item after the other, until the run is over.

        Raises UsageError when the page refuses, or has been out of reach for too long.
        """
        heard, news = trio.open_memory_channel[Any](0)
        settled = trio.Event()
        async with beside(self._keep_following, heard, settled), aclosing(self._pass_on(news)) as n:
            await settled.wait()
            if self._failure is not None:
                raise self._failure
            yield n

    async def order(self, order: Mapping[str, Any]) -> None:
        """Give an order. Raises UsageError when it is refused, or cannot be given now."""
        if self._connection is None:
            raise UsageError(f"{self.url}: the connection is lost; wait until it is back")
        with suppress(trio.WouldBlock):
            self._answer.receive_nowait()  # one that came too late
        try:
            with trio.fail_after(PATIENCE):
                await self._connection.send_message(json.dumps(order))
                answer = await self._answer.receive()
        except (ConnectionClosed, trio.TooSlowError) as error:
            raise UsageError(f"{self.url}: no answer; look whether it was done") from error
        if "error" in answer:
            raise UsageError(str(answer["error"]))

    # -- following ------------------------------------------------------------

    async def _pass_on(self, news: trio.MemoryReceiveChannel[Any]) -> AsyncGenerator[Any, None]:
        async for item in news:
            yield item
        if self._failure is not None:
            raise self._failure

    async def _keep_following(
        self, heard: trio.MemorySendChannel[Any], settled: trio.Event
    ) -> None:
        """Follow over one connection after the other; `settled` is set with the first one."""
        async with heard:
            try:
                is_over = await self._follow_once(heard, settled)
                while not is_over:
                    await trio.sleep(AGAIN)
                    is_over = await self._follow_once(heard, settled)
            except UsageError as error:
                self._failure = error
            finally:
                settled.set()

    async def _follow_once(self, heard: trio.MemorySendChannel[Any], settled: trio.Event) -> bool:
        """Whether the run is over; False when the connection was lost. Raises UsageError."""
        try:
            async with self._connected() as connection:
                self._lost_at = None
                settled.set()
                await self._listen(connection, heard)
        except _UnreachableError as error:
            if not settled.is_set():
                raise
            now = trio.current_time()
            self._lost_at = now if self._lost_at is None else self._lost_at
            if now - self._lost_at > GIVE_UP:
                text = f"{self.url}: the connection is lost, and nobody has answered since"
                raise UsageError(text) from error
            return False
        return True

    async def _listen(
        self, connection: WebSocketConnection, heard: trio.MemorySendChannel[Any]
    ) -> None:
        """Pass on what comes until the run is over. Raises _UnreachableError for any other end."""
        try:
            while True:
                item = await _next_item(connection)
                if "answer" in item:
                    with suppress(trio.WouldBlock):  # nobody waits for it any more
                        self._answers.send_nowait(item["answer"])
                else:
                    await heard.send(item)
        except ConnectionClosed as error:
            if error.reason is None or error.reason.code != NORMAL:
                raise _UnreachableError(f"{self.url}: the connection is lost") from error
        except trio.TooSlowError as error:
            raise _UnreachableError(f"{self.url}: the connection is silent") from error
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self.url}: {NOT_OURS}") from error

    # -- one connection -------------------------------------------------------

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[WebSocketConnection]:
        """A connection while the block runs. Raises UsageError when there is none."""
        failure: UsageError | None = None
        try:
            async with await self._open_stream() as stream, trio.open_nursery() as nursery:
                self._connection = await self._shake_hands(stream, nursery)
                try:
                    yield self._connection
                except UsageError as error:
                    failure = error
                self._connection = None
                nursery.cancel_scope.cancel()
        except* ConnectionRejected as group:
            failure = self._refusal(group)
        except* trio.TooSlowError:
            failure = _UnreachableError(
                f"{self.url}: no answer for {PATIENCE:g} s; give the URL that pytsung printed"
            )
        if failure is not None:
            raise failure

    async def _open_stream(self) -> Stream:
        try:
            with trio.fail_after(PATIENCE):
                if self._is_secure:
                    return await trio.open_ssl_over_tcp_stream(
                        self._host,
                        self._port,
                        https_compatible=True,
                        ssl_context=ssl.create_default_context(),
                    )
                return await trio.open_tcp_stream(self._host, self._port)
        except (OSError, trio.TooSlowError) as error:
            raise _UnreachableError(
                f"{self.url}: nobody answers there; give the URL that pytsung printed"
            ) from error

    async def _shake_hands(self, stream: Stream, nursery: trio.Nursery) -> WebSocketConnection:
        """A WebSocket on a stream, with a task in the nursery that reads it."""
        headers = [(b"Authorization", f"Bearer {self._token}".encode())] if self._token else []
        with trio.fail_after(PATIENCE):
            return await wrap_client_stream(
                nursery,
                stream,
                self._netloc,
                "/live/socket",
                extra_headers=headers,
                max_message_size=LONGEST,
            )

    def _refusal(self, group: BaseExceptionGroup[ConnectionRejected]) -> UsageError:
        rejected = group.exceptions[0]
        while isinstance(rejected, BaseExceptionGroup):
            rejected = rejected.exceptions[0]
        said = (rejected.body or b"").decode("utf-8", "replace").strip()
        return UsageError(f"{self.url}: refused with status {rejected.status_code}: {said}")


async def _next_item(connection: WebSocketConnection) -> dict[str, Any]:
    """The next message. Raises TooSlowError when there is none, nor an answer to a ping."""
    while True:
        with trio.move_on_after(SILENCE):
            item = json.loads(await connection.get_message())
            if not isinstance(item, dict):
                raise TypeError("news are an object")
            return item
        with trio.fail_after(PATIENCE):
            await connection.ping()
