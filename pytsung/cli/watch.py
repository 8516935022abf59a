"""`pytsung watch [URL]`: a running test on another terminal, as it goes on.

Without a URL the controller on this host is watched, through its socket. Keys: q leaves
the test alone, s asks before it stops it. Must not know how anything is drawn.
"""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trio
from rich.console import Console
from rich.live import Live

from pytsung.cli.arguments import Arguments
from pytsung.cli.remote import PATIENCE
from pytsung.dashboard.beside import beside
from pytsung.dashboard.local_socket import asking
from pytsung.dashboard.page_client import PageClient
from pytsung.dashboard.watching import KEYS, SURE, Watched, draw
from pytsung.dashboard.words import clock, rate
from pytsung.errors import ExitStatus, UsageError

REDRAW = 0.5
"""Seconds between two looks at the terminal's size and keys' answers."""

PLAIN_EVERY = 10.0
"""Seconds of the test between two lines where there is no terminal."""

Order = Callable[[dict[str, Any]], Awaitable[None]]


def watch(asked: Arguments) -> int:
    """Watch until q is pressed or the test has ended."""
    console = Console(no_color=None if asked.color else True, highlight=False)
    trio.run(_Watch(asked, console).run)
    return int(ExitStatus.OK)


class _Watch:
    """One session of watching."""

    def __init__(self, asked: Arguments, console: Console) -> None:
        self._name = asked.controller_id
        self._url = asked.url
        self._console = console
        self._watched = Watched()
        self._note = KEYS
        self._is_asking = False
        self._until_left = trio.CancelScope()
        self._next_line = 0.0

    async def run(self) -> None:
        """Follow the news; draw them, or write a line now and then."""
        async with self._news() as (news, order):
            if not self._console.is_terminal:
                async for item in news:
                    self._watched.take(item)
                    self._write_line()
                return
            with Live(console=self._console, screen=True, auto_refresh=False) as live:
                async with beside(self._keep_drawing, live), beside(self._hear_keys, order):
                    await self._follow(news)
        if self._watched.now:
            self._next_line = 0.0
            self._write_line()

    async def _follow(self, news: AsyncIterator[Any]) -> None:
        with self._until_left:
            async for item in news:
                self._watched.take(item)

    # -- where the news come from ---------------------------------------------

    @asynccontextmanager
    async def _news(self) -> AsyncIterator[tuple[AsyncIterator[Any], Order]]:
        if self._url:
            page = PageClient(self._url)
            async with page.follow() as news:
                yield news, page.order
            return
        try:
            async with asking(self._name, {"ask": "watch"}) as news:
                yield news, self._order_by_socket
        except (FileNotFoundError, ConnectionRefusedError) as error:
            which = f" with the id {self._name}" if self._name else ""
            raise UsageError(
                f"no controller{which} is running on this host; start a test, or give the URL of"
                " its page"
            ) from error

    async def _order_by_socket(self, order: dict[str, Any]) -> None:
        async with asking(self._name, {"ask": "order", "by": "watch", **order}) as answers:
            with trio.move_on_after(PATIENCE):
                answer: dict[str, Any] = await anext(answers, {})
                if "error" in answer:
                    raise UsageError(str(answer["error"]))

    # -- the terminal ---------------------------------------------------------

    async def _keep_drawing(self, live: Live) -> None:
        while True:
            width, height = self._console.size
            live.update(draw(self._watched, width, height, self._note), refresh=True)
            await trio.sleep(REDRAW)

    async def _hear_keys(self, order: Order) -> None:
        if not sys.stdin.isatty():
            await trio.sleep_forever()
        with _key_by_key(sys.stdin.fileno()):
            while True:
                await trio.lowlevel.wait_readable(sys.stdin.fileno())
                for key in os.read(sys.stdin.fileno(), 64).decode("utf-8", "replace"):
                    await self._heed(key, order)

    async def _heed(self, key: str, order: Order) -> None:
        if self._is_asking:
            self._is_asking, self._note = False, KEYS
            if key in "yY":
                try:
                    await order({"action": "stop"})
                    self._note = "the test is stopping"
                except UsageError as error:
                    self._note = str(error)
        elif key in "qQ\x04":
            self._until_left.cancel()
        elif key in "sS":
            self._is_asking, self._note = True, SURE

    def _write_line(self) -> None:
        now = self._watched.now
        if now["elapsed"] < self._next_line and now["state"] != "ended":
            return
        self._next_line = now["elapsed"] + PLAIN_EVERY
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
