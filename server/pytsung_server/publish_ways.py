"""The two ways into a server for an event: Redis, or the admin port.

Must not know what an event is, nor when the next one is due.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11
import trio

from pytsung.errors import PytsungError
from pytsung_server.reach import open_stream
from pytsung_server.redis_address import RedisAddress
from pytsung_server.redis_connection import RedisConnection, RedisError, connect, reason_of
from pytsung_server.redis_feed import CHANNEL

ANSWER_TIMEOUT = 10.0
"""Seconds until an admin port that does not answer counts as gone."""

EVENTS = "/v1/realtime/events"

_READ_BYTES = 65536


class PublishError(PytsungError):
    """An event could not be published; the text says where, why, and what to do."""


class RedisWay:
    """Publishes to whoever is subscribed. `subscribers` is how many heard the last event."""

    def __init__(self, address: RedisAddress, connection: RedisConnection) -> None:
        self._address = address
        self._connection = connection
        self.subscribers = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, address: RedisAddress) -> AsyncIterator[RedisWay]:
        """Connect. Raises PublishError."""
        try:
            async with connect(address) as connection:
                yield cls(address, connection)
        except RedisError as error:
            raise PublishError(f"{address}: {error}; is Redis running there?") from error

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Publish events, one after the other. Raises PublishError when the connection is lost."""
        try:
            for message in messages:
                self.subscribers = int(await self._connection.call("PUBLISH", CHANNEL, message))
        except RedisError as error:
            raise PublishError(f"{self._address}: {error}") from error


@dataclass(frozen=True, slots=True)
class AdminAddress:
    """Host and port of a server's admin port, and the token that it asks for, if any."""

    host: str
    port: int
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, token: str = "") -> AdminAddress:
        """The address in `http://HOST:PORT`. Raises ValueError."""
        parts = urlsplit(url if "//" in url else f"//{url}")
        if parts.scheme not in ("", "http") or not parts.hostname or not parts.port:
            raise ValueError("not an admin port's address; write http://HOST:PORT")
        return cls(parts.hostname, parts.port, token)

    @property
    def place(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AdminWay:
    """Publishes to one server, over one connection that is kept."""

    def __init__(self, address: AdminAddress, stream: trio.abc.Stream) -> None:
        self._address = address
        self._stream = stream
        self._connection = h11.Connection(h11.CLIENT)

    @classmethod
    @asynccontextmanager
    async def open(cls, address: AdminAddress) -> AsyncIterator[AdminWay]:
        """Connect. Raises PublishError."""
        try:
            stream = await open_stream(address.host, address.port)
        except OSError as error:
            reason = f"cannot be reached ({reason_of(error)}); is --admin-port the server's?"
            raise _failed(address, reason) from error
        async with stream:
            yield cls(address, stream)

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Publish events in one request, and wait until they were taken in. Raises PublishError."""
        body = b"\n".join(messages)
        headers = [
            ("Host", self._address.place),
            ("Content-Type", "application/json" if len(messages) == 1 else "application/x-ndjson"),
            ("Content-Length", str(len(body))),
        ]
        if self._address.token:
            headers.append(("Authorization", f"Bearer {self._address.token}"))
        request = h11.Request(method="POST", target=EVENTS, headers=headers)
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        try:
            with trio.fail_after(ANSWER_TIMEOUT):
                data = b"".join(self._connection.send(event) or b"" for event in events)
                await self._stream.send_all(data)
                status, answer = await self._read_answer()
        except trio.TooSlowError:
            raise _failed(self._address, f"no answer in {ANSWER_TIMEOUT:g} seconds") from None
        except (trio.BrokenResourceError, h11.ProtocolError) as error:
            raise _failed(self._address, f"broke off: {error}") from error
        if status != 202:
            said = answer.decode("utf-8", "replace").strip()
            raise _failed(self._address, f"refuses the event with status {status}: {said}")
        if self._connection.their_state is not h11.DONE:
            raise _failed(self._address, "hung up")
        self._connection.start_next_cycle()

    async def _read_answer(self) -> tuple[int, bytes]:
        status, body = 0, b""
        while not isinstance(event := self._connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                self._connection.receive_data(bytes(await self._stream.receive_some(_READ_BYTES)))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.ConnectionClosed):
                raise _failed(self._address, "hung up")
        return status, body


def _failed(address: AdminAddress, what: str) -> PublishError:
    return PublishError(f"admin port {address.place}: {what}")
