"""`pytsung watch URL` follows a page over a WebSocket: through losses, and as far as it may."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from pytsung.control.orders import Action, Order
from pytsung.dashboard import page_client
from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.page_client import PageClient
from pytsung.dashboard.web import site as site_module
from pytsung.dashboard.web.guard import Guard
from pytsung.dashboard.web.run_files import RunFiles
from pytsung.dashboard.web.serve import listen, serving, url_of
from pytsung.dashboard.web.site import Site
from pytsung.errors import UsageError
from pytsung.stats import Interval
from pytsung.stats.verdict import Verdict
from tests.dashboard.test_live_run import Feed

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


class Page:
    """A page of a run that is told second by second; `orders` are those that it took."""

    def __init__(self, directory: Path, token: str = "") -> None:
        self.feed = Feed()
        self.orders: list[Order] = []
        self._directory = directory
        self._token = token
        self.port = 0
        self.address = "127.0.0.1"

    @property
    def url(self) -> str:
        name = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{name}:{self.port}/"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Site]:
        broadcast = Broadcast(self.feed.live)
        guard, files = Guard(self._token), RunFiles(self._directory)
        site = Site(broadcast, files, guard, self._take, print)
        sockets = listen(self.address, self.port)
        self.port = sockets[0].getsockname()[1]
        assert url_of(sockets[0]) == self.url
        async with serving(sockets, site.application, lambda: None):
            yield site

    def _take(self, order: Order) -> None:
        if order.action is Action.RESUME:
            raise UsageError("arrivals are not paused")
        self.orders.append(order)


@asynccontextmanager
async def connected(page: Page) -> AsyncIterator[WebSocketConnection]:
    """A WebSocket to the page, of a program of somebody else's."""
    host = f"{page.address}:{page.port}"
    stream = await trio.open_tcp_stream(page.address, page.port)
    async with stream, trio.open_nursery() as nursery:
        yield await wrap_client_stream(nursery, stream, host, "/live/socket")
        nursery.cancel_scope.cancel()


async def shaken_hands(page: Page, *headers: str) -> str:
    """The beginning of the answer to somebody who wants a WebSocket."""
    lines = ["GET /live/socket HTTP/1.1", f"Host: {page.address}:{page.port}", *UPGRADE, *headers]
    async with await trio.open_tcp_stream(page.address, page.port) as stream:
        await stream.send_all("\r\n".join([*lines, "", ""]).encode())
        return bytes(await stream.receive_some(65536)).decode("latin-1")


def run(main: Any) -> None:
    async def limited() -> None:
        with trio.fail_after(30):
            await main()

    trio.run(limited)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_it_hears_all_and_ends_with_the_run(address: str, tmp_path: Path) -> None:
    """Who watches from another terminal sees the whole test, and gets his prompt back."""
    page = Page(tmp_path)
    page.address = address
    heard: list[dict[str, Any]] = []

    async def main() -> None:
        async with page.open() as site, PageClient(page.url).follow() as news:
            page.feed.tell(Interval(0, users_started=3))
            async for item in news:
                heard.append(item)
                if len(heard) == 1:
                    page.feed.live.end(Verdict("clean"))
                elif item["now"]["state"] == "ended":
                    site.broadcast.close()

    run(main)
    assert heard[0]["run"]["name"] == "t.xml"
    assert heard[-1]["now"]["state"] == "ended"
    assert heard[-1]["now"]["users"]["started"] == 3


class Tunnel:
    """A way to a page that can be cut, and laid again at the same place."""

    def __init__(self, page: Page, nursery: trio.Nursery) -> None:
        self._page = page
        self._nursery = nursery
        self._whole = trio.CancelScope()
        self.port = 0

    async def lay(self) -> None:
        """Have a way; the port is the same each time."""
        self._whole = trio.CancelScope()
        self.port = await self._nursery.start(self._carry)

    def cut(self) -> None:
        """Have none: whoever is on it is thrown off."""
        self._whole.cancel()

    async def _carry(self, *, task_status: trio.TaskStatus[int]) -> None:
        with self._whole:
            (listener,) = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
            task_status.started(listener.socket.getsockname()[1])
            async with listener:
                await trio.serve_listeners(self._connect, [listener])

    async def _connect(self, near: trio.SocketStream) -> None:
        async with (
            near,
            await trio.open_tcp_stream("127.0.0.1", self._page.port) as far,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(_pump, near, far)
            await _pump(far, near)
            nursery.cancel_scope.cancel()


async def _pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
    async for data in source:
        await sink.send_all(data)


def test_what_was_lost_is_found_again_with_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tunnel that breaks, a laptop that wakes up: nobody has to start `watch` again."""
    monkeypatch.setattr(page_client, "AGAIN", 0.05)
    page = Page(tmp_path)

    async def main() -> None:
        page.feed.tell(Interval(0))
        async with page.open(), trio.open_nursery() as nursery:
            tunnel = Tunnel(page, nursery)
            await tunnel.lay()
            client = PageClient(f"http://127.0.0.1:{tunnel.port}")
            async with client.follow() as news:
                assert [row[0] for row in (await anext(news))["rows"]] == [1.0]
                tunnel.cut()
                await _until(lambda: client.is_lost)
                with pytest.raises(UsageError, match="the connection is lost; wait"):
                    await client.order({"action": "stop"})
                page.feed.tell(Interval(1))
                await tunnel.lay()
                item = await anext(news)
                assert item["run"]["name"] == "t.xml"
                assert [row[0] for row in item["rows"]] == [1.0, 2.0]
                assert item["fresh"]
                assert not client.is_lost
                await client.order({"action": "stop"})
            tunnel.cut()

    run(main)
    assert [order.action for order in page.orders] == [Action.STOP]


def test_a_page_that_is_gone_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pipe nobody presses q."""
    monkeypatch.setattr(page_client, "AGAIN", 0.05)
    monkeypatch.setattr(page_client, "GIVE_UP", 0.2)
    page = Page(tmp_path)

    async def main() -> None:
        async with page.open(), trio.open_nursery() as nursery:
            tunnel = Tunnel(page, nursery)
            await tunnel.lay()
            async with PageClient(f"http://127.0.0.1:{tunnel.port}").follow() as news:
                await anext(news)
                tunnel.cut()
                with pytest.raises(UsageError, match="nobody has answered since"):
                    await anext(news)

    run(main)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - sockets
        await trio.sleep(0.01)


def test_orders_are_answered_among_the_news(tmp_path: Path) -> None:
    """`s` in `watch` must say whether the test is stopping, or why not."""
    page = Page(tmp_path)

    async def main() -> None:
        async with page.open():
            client = PageClient(page.url)
            async with client.follow() as news, trio.open_nursery() as nursery:

                async def read() -> None:
                    async for _ in news:
                        pass

                nursery.start_soon(read)
                await client.order({"action": "rate", "rate": 5})
                with pytest.raises(UsageError, match=r"^arrivals are not paused$"):
                    await client.order({"action": "resume"})
                with pytest.raises(UsageError, match="'explode' is no order"):
                    await client.order({"action": "explode"})
                nursery.cancel_scope.cancel()

    run(main)
    assert page.orders == [Order(Action.RATE, 5.0, by="watch")]


def test_refusals_are_said_with_their_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token, too many who watch, a wrong port, another server."""
    page = Page(tmp_path, "abc")

    async def refused(url: str, words: str) -> None:
        with pytest.raises(UsageError, match=words):
            async with PageClient(url).follow():
                pass

    async def main() -> None:
        async with page.open():
            for url in (page.url, f"{page.url}?token=abd"):
                await refused(url, "refused with status 401: this page needs its token; open the")
            async with PageClient(f"{page.url}?token=abc").follow() as news:
                assert (await anext(news))["run"]["name"] == "t.xml"
                monkeypatch.setattr(site_module, "MOST_FOLLOWERS", 1)
                await refused(f"{page.url}?token=abc", "503: 1 browsers follow this run already")
        await refused(page.url, "nobody answers there; give the URL that pytsung printed")
        monkeypatch.setattr(page_client, "PATIENCE", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as mute:
            await refused(
                f"http://127.0.0.1:{mute.getsockname()[1]}", "no answer for 0.2 s; give the URL"
            )

    run(main)
    for wrong in ("ftp://x", "http://", "//"):
        with pytest.raises(UsageError, match="no address of a page"):
            PageClient(wrong)


@pytest.mark.parametrize(
    ("header", "value"),
    [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
)
def test_another_sites_page_gets_no_socket(header: str, value: str, tmp_path: Path) -> None:
    """Browsers let any page open a WebSocket to 127.0.0.1, and read what comes (RFC 6455, 10.2)."""
    page = Page(tmp_path)

    async def main() -> None:
        async with page.open():
            answer = await shaken_hands(page, f"{header}: {value}")
            assert answer.startswith("HTTP/1.1 403 ")
            assert "content-security-policy: default-src 'none'" in answer
            answer = await shaken_hands(page, f"Origin: {page.url.rstrip('/')}")
            assert answer.startswith("HTTP/1.1 101 ")

    run(main)


@pytest.mark.parametrize("message", [b"\x00", "[]", "{", "", '{"action": "fly"}', "[" * 4000])
def test_what_is_no_order_is_answered(message: str | bytes, tmp_path: Path) -> None:
    """Somebody writes a client of his own, and makes his first mistakes."""
    page = Page(tmp_path)

    async def main() -> None:
        async with page.open(), connected(page) as opened:
            await opened.get_message()
            await opened.send_message(message)
            assert "error" in json.loads(await opened.get_message())["answer"]
            page.feed.tell(Interval(0))
            assert json.loads(await opened.get_message())["now"]["elapsed"] == 1.0

    run(main)
    assert not page.orders


def test_who_sends_too_much_is_left(tmp_path: Path) -> None:
    """Memory of the controller is not to be had for the asking; others go on."""
    page = Page(tmp_path)

    async def main() -> None:
        async with page.open(), PageClient(page.url).follow() as news, connected(page) as opened:
            await anext(news)
            await opened.get_message()
            await opened.send_message("x" * 5000)
            with pytest.raises(ConnectionClosed, match="code=1009"):
                await opened.get_message()
            page.feed.tell(Interval(0))
            assert (await anext(news))["now"]["elapsed"] == 1.0

    run(main)
