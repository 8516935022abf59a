"""Where the page listens, and the server behind it, which is loaded when somebody comes.

Must not know what the page shows: it is handed an application's maker.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from pytsung.dashboard.web.guard import is_loopback
from pytsung.errors import UsageError

PORT = 8091
"""Tsung's, which no option of it changes."""

FURTHER_PORTS = 8
"""Ports tried after it when another run has it and nobody asked for one."""

STUCK = 5_000
"""Milliseconds until a connection whose peer takes nothing is cut (TCP_USER_TIMEOUT):
the server shields its sends, and would wait for such a peer when it stops."""

GRACE = 1.0
"""Seconds for the last answers when the page is closed."""

LOOPBACK = ("127.0.0.1", "::1")

MakeApplication = Callable[[], Any]
"""Imports what it needs, and makes an ASGI application."""


def listen(address: str, port: int | None) -> list[socket.socket]:
    """Listen on an address, or on loopback; the first socket is the one to show.

    Without a port it is 8091, or one of the next when another run is there. Raises
    UsageError when it cannot be done.
    """
    wanted = range(PORT, PORT + FURTHER_PORTS + 1) if port is None else (port,)
    for candidate in wanted:
        try:
            return _listen_at((address,) if address else LOOPBACK, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and candidate != wanted[-1]:
                continue
            place = f"{address or LOOPBACK[0]}:{candidate}"
            if error.errno == errno.EADDRINUSE:
                reason = f"port {wanted[0]} is taken; choose another one with --web-port"
            else:
                reason = f"{place}: {error.strerror or error}; see --web-bind and --web-port"
            raise UsageError(f"dashboard: {reason}, or do without one: -n") from error
    raise AssertionError("there is no port to try")


def _listen_at(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """One socket for each address; without IPv6 on this host that of ::1 is left out."""
    made: list[socket.socket] = []
    try:
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listening = socket.socket(family, socket.SOCK_STREAM)
            made.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                listening.bind((address, port))
            except OSError as error:
                if len(made) > 1 and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    made.pop().close()
                    continue
                raise
            listening.listen(64)
            port = listening.getsockname()[1]
            listening.setblocking(False)
    except OSError:
        for listening in made:
            listening.close()
        raise
    return made


def url_of(listening: socket.socket, token: str = "") -> str:
    """How to open the page: of every address, by this host's name."""
    address, port = listening.getsockname()[:2]
    if address in ("0.0.0.0", "::"):  # noqa: S104 - looked at, not bound to
        address = socket.gethostname()
    name = f"[{address}]" if ":" in address else address
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def needs_token(address: str) -> bool:
    """Whether others than this machine's users can reach an address."""
    return bool(address) and not is_loopback(address)


@asynccontextmanager
async def serving(
    sockets: Sequence[socket.socket], make_application: MakeApplication, close: Callable[[], None]
) -> AsyncIterator[None]:
    """Serve while the block runs; then `close` is to end what streams, and the server stops."""
    stopping = trio.Event()
    failure: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_serve_when_needed, sockets, make_application, stopping)
            try:
                yield
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again, below
                failure = error
            close()
            stopping.set()
            nursery.cancel_scope.deadline = trio.current_time() + GRACE + STUCK / 1000
    finally:
        for listening in sockets:
            listening.close()
    if failure is not None:
        raise failure


async def _serve_when_needed(
    sockets: Sequence[socket.socket], make_application: MakeApplication, stopping: trio.Event
) -> None:
    """Load the server, which takes a third of a second, when the first visitor knocks."""
    async with trio.open_nursery() as nursery:
        for listening in sockets:
            nursery.start_soon(_wait_for, trio.lowlevel.wait_readable, listening, nursery)
        nursery.start_soon(_wait_for, trio.Event.wait, stopping, nursery)
    if stopping.is_set():
        return
    serve, config = await trio.to_thread.run_sync(_load_server)
    application = await trio.to_thread.run_sync(make_application)
    # The server closes what it is given.
    config.bind = [f"fd://{listening.dup().detach()}" for listening in sockets]
    await serve(application, config, shutdown_trigger=stopping.wait)


async def _wait_for(wait: Callable[[Any], Any], what: Any, nursery: trio.Nursery) -> None:
    await wait(what)
    nursery.cancel_scope.cancel()


def _load_server() -> tuple[Any, Any]:
    from hypercorn.config import Config  # noqa: PLC0415 - when the first visitor comes
    from hypercorn.trio import serve  # noqa: PLC0415

    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.graceful_timeout = GRACE
    config.include_server_header = False
    config.keep_alive_timeout = 30
    config.h11_max_incomplete_size = 16384
    config.websocket_max_message_size = 4096  # orders: a few words
    config.alpn_protocols = ["http/1.1"]
    return serve, config
