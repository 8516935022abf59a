"""`http://127.0.0.1:PORT/metrics`, for Prometheus, while a run lasts.

One request a connection, on loopback only. Must not know what the figures are.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from pytsung.dashboard.exposition import CONTENT_TYPE
from pytsung.errors import UsageError

HOST = "127.0.0.1"
_MOST_HEAD = 8192  # bytes of a request that are read at all
_PATIENCE = 5.0  # seconds for a scraper to ask and to read


@asynccontextmanager
async def serving_metrics(port: int, text: Callable[[], str]) -> AsyncIterator[int]:
    """Serve what `text` gives while the block runs; gives the port that it listens on.

    An error of the block leaves as it is, not in a group. Raises UsageError when the
    port is in use.
    """
    try:
        listeners = await trio.open_tcp_listeners(port, host=HOST)
    except OSError as error:
        raise UsageError(
            f"--prometheus {port}: cannot listen there: {error.strerror}; choose another port"
        ) from error

    async def answer(stream: trio.SocketStream) -> None:
        gone = contextlib.suppress(trio.BrokenResourceError)
        with trio.move_on_after(_PATIENCE), gone:
            await stream.send_all(_response(await _first_line(stream), text))
        await trio.aclose_forcefully(stream)

    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, answer, listeners)
        try:
            yield listeners[0].socket.getsockname()[1]
        except Exception as error:  # noqa: BLE001 - raised again, outside the nursery
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _first_line(stream: trio.SocketStream) -> bytes:
    """The request's first line; its head is read to the end."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD:
        chunk = await stream.receive_some(_MOST_HEAD)
        if not chunk:
            break
        head += chunk
    return head.partition(b"\r\n")[0]


def _response(line: bytes, text: Callable[[], str]) -> bytes:
    method, _, rest = line.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method != b"GET":
        return _message("405 Method Not Allowed", "GET only\n")
    if path != b"/metrics":
        return _message("404 Not Found", "/metrics\n")
    return _message("200 OK", text(), CONTENT_TYPE)


def _message(status: str, body: str, kind: str = "text/plain") -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + data
