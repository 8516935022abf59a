"""A small HTTP/1.1 server for few, short requests: h11 over trio streams.

Everything is bounded: heads, bodies, time, connections. Must not know what is asked
for: a function from request to answer does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import h11
import trio

MAX_HEAD_BYTES = 16_384

MAX_CONNECTIONS = 64
"""More wait until one ends; scrapers and publishers are few."""

REQUEST_TIMEOUT = 10.0
"""Seconds for a whole request to come, or an answer to be taken."""

IDLE_TIMEOUT = 60.0
"""Seconds that a connection may be kept without a request."""

_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a whole; names of headers are lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `headers` beside those that every answer has."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: int, content: Any, *headers: tuple[str, str]) -> Answer:
        """An answer in JSON, for people too."""
        return cls(status, json.dumps(content, indent=2).encode() + b"\n", headers=headers)


class HttpServer:
    """Answers requests with what `answer` gives; bodies up to `max_body` bytes."""

    def __init__(self, answer: Callable[[Request], Answer], max_body: int) -> None:
        self._answer = answer
        self._max_body = max_body
        self._room = trio.CapacityLimiter(MAX_CONNECTIONS)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one client until it hangs up, misbehaves, or is too slow."""
        async with self._room, stream:
            client = _Client(stream, self._max_body)
            try:
                while await self._serve_one(client):
                    client.next_request()
            except (trio.BrokenResourceError, trio.TooSlowError):
                return  # whoever it was has gone

    async def _serve_one(self, client: _Client) -> bool:
        """Answer the next request; False when there will be no other."""
        try:
            request = await client.read_request()
            if request is None:
                return False
            answer = self._answer(request)
        except h11.RemoteProtocolError as error:
            answer = Answer.of(error.error_status_hint, {"error": str(error)})
        except _TooLargeError:
            answer = Answer.of(413, {"error": f"the limit is {self._max_body} bytes"})
        return await client.send_answer(answer)


class _TooLargeError(Exception):
    """The body is larger than anything that is taken here."""


class _Client:
    """One connection, a request at a time."""

    def __init__(self, stream: trio.abc.Stream, max_body: int) -> None:
        self._stream = stream
        self._max_body = max_body
        self._connection = h11.Connection(h11.SERVER, MAX_HEAD_BYTES)
        self._is_head = False

    def next_request(self) -> None:
        """The answer has been sent; the connection is kept."""
        self._connection.start_next_cycle()

    async def read_request(self) -> Request | None:
        """The next request as a whole; None when the client is done.

        Raises:
            h11.RemoteProtocolError: it is no HTTP.
            _TooLargeError: its body is too large.
        """
        self._is_head = False
        with trio.fail_after(IDLE_TIMEOUT):
            first = await self._next_event()
        if not isinstance(first, h11.Request):
            return None
        self._is_head = first.method == b"HEAD"
        body = bytearray()
        with trio.fail_after(REQUEST_TIMEOUT):
            while isinstance(event := await self._next_event(), h11.Data):
                body += event.data
                if len(body) > self._max_body:
                    raise _TooLargeError
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in first.headers}
        path = first.target.decode("latin-1").partition("?")[0]
        return Request(first.method.decode("latin-1"), path, headers, bytes(body))

    async def send_answer(self, answer: Answer) -> bool:
        """Send an answer; gives whether the connection can be kept."""
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            *answer.headers,
        ]
        events: list[h11.Event] = [h11.Response(status_code=answer.status, headers=headers)]
        if not self._is_head:
            events.append(h11.Data(data=answer.body))
        events.append(h11.EndOfMessage())
        data = b"".join(self._connection.send(event) or b"" for event in events)
        with trio.fail_after(REQUEST_TIMEOUT):
            await self._stream.send_all(data)
        return self._connection.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    async def _next_event(self) -> Any:
        connection = self._connection
        while (event := connection.next_event()) is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                await self._stream.send_all(connection.send(go_on) or b"")
            connection.receive_data(bytes(await self._stream.receive_some(_READ_BYTES)))
        return event
