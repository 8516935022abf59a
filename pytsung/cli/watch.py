"""`pytsung watch [URL]`: a running test on another terminal, as it goes on.

Without a URL the controller on this host is watched, through its socket. Keys: q leaves
the test alone, s asks before it stops it. Must not know how anything is drawn.
"""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from typing import Any, Protocol

import trio
from rich.console import Console
from rich.live import Live

from pytsung.cli.arguments import Arguments
from pytsung.cli.remote import PATIENCE
from pytsung.dashboard.beside import beside
from pytsung.dashboard.local_socket import asking
from pytsung.dashboard.watching import KEYS, SURE, Watched, draw
from pytsung.dashboard.words import clock, rate
from pytsung.errors import ExitStatus, UsageError

REDRAW = 0.5
"""Seconds between two looks at the terminal's size and keys' answers."""

PLAIN_EVERY = 10.0
"""Seconds of the test between two lines where there is no terminal."""

GONE = "the controller is gone, and the test with it; pytsung report shows what there is of it"
LOST = "the connection is lost; trying again …"


class Source(Protocol):
    """Where the news come from, and orders go to."""

    @property
    def is_lost(self) -> bool:
        """Whether it cannot be reached, for now."""

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """The news, item by item. Raises UsageError when there are none to be had."""

    async def order(self, order: dict[str, Any]) -> None:
        """Give an order. Raises UsageError when it is refused."""


class LocalRun:
    """The run of a controller on this host, by its id; through its socket."""

    is_lost = False  # the socket is there as long as the controller is

    def __init__(self, name: str) -> None:
        self._name = name

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[Any]]:
        """The news. Raises UsageError when no such controller is running."""
        async with AsyncExitStack() as stack:
            try:
                news = await stack.enter_async_context(asking(self._name, {"ask": "watch"}))
            except (FileNotFoundError, ConnectionRefusedError) as error:
                which = f" with the id {self._name}" if self._name else ""
                raise UsageError(
                    f"no controller{which} is running on this host; start a test, or give the URL"
                    " of its page"
                ) from error
            yield news

    async def order(self, order: dict[str, Any]) -> None:
        """Give an order, over a connection of its own. Raises UsageError."""
        answer: dict[str, Any] = {}
        try:
            async with asking(self._name, {"ask": "order", "by": "watch", **order}) as answers:
                with trio.move_on_after(PATIENCE):
                    answer = await anext(answers, {})
        except (OSError, trio.BrokenResourceError) as error:
            raise UsageError("the controller is gone") from error
        if "error" in answer:
            raise UsageError(str(answer["error"]))


def watch(asked: Arguments) -> int:
    """Watch until q is pressed or the test has ended."""
    console = Console(no_color=None if asked.color else True, highlight=False)
    if asked.url:
        from pytsung.dashboard.page_client import PageClient  # noqa: PLC0415 - only with a URL

        source: Source = PageClient(asked.url)
    else:
        source = LocalRun(asked.controller_id)
    trio.run(_Watch(source, console).run)
    return int(ExitStatus.OK)


class _Watch:
    """One session of watching."""

    def __init__(self, source: Source, console: Console) -> None:
        self._source = source
        self._console = console
        self._watched = Watched()
        self._note = KEYS
        self._is_asking = False
        self._until_left = trio.CancelScope()
        self._next_line = 0.0

    async def run(self) -> None:
        """Follow the news until they end or q is pressed; say how it ended."""
        async with self._source.follow() as news:
            if self._console.is_terminal:
                with Live(console=self._console, screen=True, auto_refresh=False) as live:
                    async with beside(self._keep_drawing, live), beside(self._hear_keys):
                        await self._follow(news)
            else:
                await self._follow(news)
        if self._watched.now and self._console.is_terminal:
            self._write_line()
        if not self._until_left.cancelled_caught and self._watched.state != "ended":
            self._console.print(GONE, style="yellow", soft_wrap=True)

    async def _follow(self, news: AsyncIterator[Any]) -> None:
        with self._until_left, suppress(trio.BrokenResourceError):
            async for item in news:
                self._watched.take(item)
                if not self._console.is_terminal:
                    self._write_line_now_and_then()

    # -- the terminal ---------------------------------------------------------

    async def _keep_drawing(self, live: Live) -> None:
        while True:
            width, height = self._console.size
            note = LOST if self._source.is_lost else self._note
            live.update(draw(self._watched, width, height, note), refresh=True)
            await trio.sleep(REDRAW)

    async def _hear_keys(self) -> None:
        if not sys.stdin.isatty():
            await trio.sleep_forever()
        with _key_by_key(sys.stdin.fileno()):
            while True:
                await trio.lowlevel.wait_readable(sys.stdin.fileno())
                for key in os.read(sys.stdin.fileno(), 64).decode("utf-8", "replace"):
                    await self._heed(key)

    async def _heed(self, key: str) -> None:
        if self._is_asking:
            self._is_asking, self._note = False, KEYS
            if key in "yY":
                try:
                    await self._source.order({"action": "stop"})
                    self._note = "the test is stopping"
                except UsageError as error:
                    self._note = str(error)
        elif key in "qQ\x04":
            self._until_left.cancel()
        elif key in "sS":
            self._is_asking, self._note = True, SURE

    def _write_line_now_and_then(self) -> None:
        elapsed = self._watched.now["elapsed"]
        if elapsed >= self._next_line or self._watched.state == "ended":
            self._next_line = elapsed + PLAIN_EVERY
            self._write_line()

    def _write_line(self) -> None:
        now = self._watched.now
        figures = (
            f"{clock(now['elapsed'])} {now['users']['open']:,} users,"
            f" {now['connections']['open']:,} connected,"
            f" {rate(now['started_per_second'])} arriving, {now['errors']:,} errors,"
            f" {rate(now['request_rate'])} requests ({now['activity']},"
            f" {now['verdict']['status']})"
        )
        self._console.print(figures, soft_wrap=True, markup=False)


@contextmanager
def _key_by_key(terminal: int) -> Iterator[None]:
    """The terminal gives each key at once and echoes none, while the block runs."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
