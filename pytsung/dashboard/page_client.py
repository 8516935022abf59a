"""The news of a run from its page, over HTTP: server-sent events, and orders.

For `pytsung watch URL`. Must not know what the news say.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import h11
import trio

from pytsung.errors import UsageError

CHUNK = 65536
LONGEST = 2**24
PATIENCE = 10.0
"""Seconds for the page to begin its answer."""


class PageClient:
    """One page, by its URL, with its token if it has one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: no address of a page; write http://HOST:8091/")
        self.url = url
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 80)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._token = parse_qs(parts.query).get("token", [""])[0]

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[_Events]:
        """The news, one item after the other. Raises UsageError when the page refuses."""
        async with await self._connect() as stream:
            connection = await self._ask(stream, "GET", "/live/stream")
            yield _Events(stream, connection)

    async def order(self, order: Mapping[str, Any]) -> None:
        """Give an order. Raises UsageError when it is refused."""
        async with await self._connect() as stream:
            body = json.dumps(order).encode()
            await self._ask(stream, "POST", "/live/order", body)

    async def _connect(self) -> trio.abc.Stream:
        try:
            with trio.fail_after(PATIENCE):
                if self._secure:
                    return await trio.open_ssl_over_tcp_stream(
                        self._host, self._port, ssl_context=ssl.create_default_context()
                    )
                return await trio.open_tcp_stream(self._host, self._port)
        except (OSError, trio.TooSlowError) as error:
            raise UsageError(
                f"{self.url}: nobody answers there; give the URL that pytsung printed"
            ) from error

    async def _ask(
        self, stream: trio.abc.Stream, method: str, path: str, body: bytes = b""
    ) -> h11.Connection:
        connection = h11.Connection(h11.CLIENT)
        headers = [("Host", self._netloc), ("Connection", "close"), ("Accept-Encoding", "identity")]
        if self._token:
            headers.append(("Authorization", f"Bearer {self._token}"))
        if body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        data = connection.send(h11.Request(method=method, target=path, headers=headers)) or b""
        data += connection.send(h11.Data(data=body)) or b""
        data += connection.send(h11.EndOfMessage()) or b""
        try:
            with trio.fail_after(PATIENCE):
                await stream.send_all(data)
                event = await _next_event(stream, connection)
                if isinstance(event, h11.Response) and event.status_code == 200:
                    return connection
                status = event.status_code if isinstance(event, h11.Response) else 0
                said = await _next_event(stream, connection)
        except (trio.TooSlowError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
            raise UsageError(f"{self.url}: this is no page of pytsung's") from error
        text = bytes(said.data).decode("utf-8", "replace") if isinstance(said, h11.Data) else ""
        raise UsageError(f"{self.url}: refused with status {status}: {text.strip()}")


class _Events:
    """The items of a stream of server-sent events, as they come."""

    def __init__(self, stream: trio.abc.Stream, connection: h11.Connection) -> None:
        self._stream = stream
        self._connection = connection
        self._rest = b""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while b"\n\n" not in self._rest:
            try:
                event = await _next_event(self._stream, self._connection)
            except (trio.BrokenResourceError, h11.RemoteProtocolError):
                raise StopAsyncIteration from None
            if not isinstance(event, h11.Data) or len(self._rest) > LONGEST:
                raise StopAsyncIteration
            self._rest += bytes(event.data)
        item, _, self._rest = self._rest.partition(b"\n\n")
        return json.loads(item.removeprefix(b"data: "))


async def _next_event(stream: trio.abc.Stream, connection: h11.Connection) -> Any:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(bytes(await stream.receive_some(CHUNK)))
    return event
