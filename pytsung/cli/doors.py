"""The ways into a running test: the socket of `pytsung status` and `stop`, and the web page.

Must not know how a run is played, nor what a page looks like.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import trio

from pytsung.cli.arguments import Arguments
from pytsung.cli.host_name import host_name
from pytsung.control.orders import Action, Order, read_order
from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.live_run import LiveRun
from pytsung.dashboard.local_socket import Claim, answering, claim
from pytsung.dashboard.web.guard import Guard, new_token
from pytsung.dashboard.web.run_files import RunFiles
from pytsung.dashboard.web.serve import listen, needs_token, serving, url_of
from pytsung.errors import UsageError

GOODBYE = 1.0
"""Seconds for followers to take the last news."""

Say = Callable[[str, str], None]
"""Says a line to the person at the terminal, in a style."""


def claim_id(asked: Arguments, say: Say) -> Claim | None:
    """The id by which this controller is found; held until the process ends.

    Without `-i` a second controller takes its process id, and says so; and where no
    socket can be made, the run goes on without. Raises UsageError when the id that was
    asked for cannot be had.
    """
    if asked.controller_id:
        claimed = claim(asked.controller_id)
        if claimed is None:
            raise UsageError(
                f"-i {asked.controller_id}: a controller with this id is running;"
                " stop it (pytsung -i … stop), or give this one another id"
            )
        return claimed
    own = str(os.getpid())
    try:
        claimed = claim("")
        if claimed is None:
            claimed = claim(own)
            say(f"another controller is running; this one is found with -i {own}", "yellow")
    except UsageError as error:
        say(f"no pytsung status or stop for this run: {error}", "yellow")
        return None
    return claimed


class Doors:
    """What may be asked of one run, by whichever door. `closing` ends what `-k` keeps open."""

    def __init__(self, live: LiveRun) -> None:
        self.live = live
        self.command: Callable[[Order], None] = _too_early
        self.closing = trio.Event()
        self.broadcast = Broadcast(live)
        self.url = ""

    def order(self, order: Order) -> None:
        """Carry out an order. Raises UsageError when it makes no sense now."""
        if order.action is Action.STOP:
            self.closing.set()
        self.command(order)

    async def answer(self, question: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        """What the socket answers."""
        ask = question.get("ask")
        if ask == "status":
            yield json.dumps({**asdict(self.live.status()), "url": self.url})
        elif ask == "order":
            try:
                self.order(read_order(question, by=str(question.get("by", "command"))))
            except UsageError as error:
                yield json.dumps({"error": str(error)})
                return
            yield json.dumps({"done": True})
            if question.get("wait"):
                await trio.sleep_forever()  # whoever asked sees the controller's end
        elif ask == "watch":
            async with aclosing(self.broadcast.follow()) as news:
                async for text in news:
                    yield text
        else:
            yield json.dumps({"error": f"{ask!r} cannot be asked; use the same pytsung on both"})

    async def say_goodbye(self) -> None:
        """Let whoever follows the run hear of its end; who does not read is not waited for."""
        self.broadcast.close()
        with trio.move_on_after(GOODBYE):
            while self.broadcast.followers:  # noqa: ASYNC110 - once a run, for a moment
                await trio.sleep(0.02)


def _too_early(_: Order) -> None:
    raise UsageError("the test is still being prepared; wait a moment")


@asynccontextmanager
async def open_doors(
    asked: Arguments, claimed: Claim | None, doors: Doors, directory: Path, say: Say
) -> AsyncIterator[None]:
    """Let others look at the run, and give orders, while the block runs.

    Raises UsageError when the page cannot be where it was asked to be.
    """
    async with AsyncExitStack() as stack:
        if asked.web:
            await stack.enter_async_context(open_page(asked, doors, directory, say))
        if claimed is not None:
            await stack.enter_async_context(answering(claimed, doors.answer))
        try:
            yield
        finally:
            await doors.say_goodbye()


@asynccontextmanager
async def open_page(
    asked: Arguments, doors: Doors, directory: Path, say: Say, *, is_live: bool = True
) -> AsyncIterator[None]:
    """The page, if it can be had: a run goes on without, unless its place was asked for."""
    token = new_token() if needs_token(asked.web_bind) else ""
    try:
        sockets = listen(asked.web_bind, asked.web_port)
    except UsageError as error:
        if asked.web_bind or asked.web_port is not None:
            raise
        say(str(error), "yellow")
        yield
        return
    doors.url = url_of(sockets[0], token)
    for line in _directions(doors.url, sockets[0].getsockname()[1], token):
        say(line, "dim")

    def make_application() -> Any:
        from pytsung.dashboard.web.site import Site  # noqa: PLC0415 - when somebody comes

        return Site(
            doors.broadcast,
            RunFiles(directory),
            Guard(token),
            doors.order,
            complain=lambda text: say(f"dashboard: {text}", "yellow"),
            quirks=asked.quirks,
            is_live=is_live,
        ).application()

    async with serving(sockets, make_application, doors.broadcast.close):
        yield


def _directions(url: str, port: int, token: str) -> list[str]:
    """How the page is reached, from here and from elsewhere."""
    if token:
        return [f"dashboard    {url}"]
    blank = " " * len("dashboard    ")
    return [
        f"dashboard    {url}",
        f"{blank}from elsewhere: ssh -L {port}:127.0.0.1:{port} {host_name()}",
        f"{blank}or start with --web-bind 0.0.0.0",
    ]


async def stay_open(doors: Doors, first_words: str) -> None:
    """Say so on stdout, and wait for Ctrl-C, `pytsung stop`, or the page's button."""

    async def heed(signals: AsyncIterator[int]) -> None:
        async for _ in signals:
            doors.closing.set()

    # Before the first word: whoever waits for it may answer with Ctrl-C at once.
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(heed, signals)
            sys.stdout.write(first_words)
            sys.stdout.flush()
            await doors.closing.wait()
            nursery.cancel_scope.cancel()
