"""Where the page listens, and that nobody who looks, or stops looking, disturbs the run."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.page_client import PageClient
from pytsung.dashboard.web import serve
from pytsung.dashboard.web.guard import Guard
from pytsung.dashboard.web.run_files import RunFiles
from pytsung.dashboard.web.serve import listen, needs_token, serving, url_of
from pytsung.dashboard.web.site import Site
from pytsung.errors import UsageError
from pytsung.stats import Interval
from tests.dashboard.test_live_run import Feed


@pytest.fixture
def free() -> int:
    """A port that nobody has, nor the next one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


def test_loopback_is_both_of_its_addresses(free: int) -> None:
    """`localhost` may be either; a tunnel may lead to either."""
    sockets = listen("", free)
    addresses = [one.getsockname()[:2] for one in sockets]
    close(sockets)
    assert addresses[0] == ("127.0.0.1", free)
    assert addresses[1:] in ([], [("::1", free)])


def test_another_runs_port_is_passed_by(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs on a host have two pages; a port that was asked for is refused instead."""
    monkeypatch.setattr(serve, "PORT", free)
    with socket.create_server(("127.0.0.1", free)):
        sockets = listen("", None)
        assert sockets[0].getsockname()[1] in range(free + 1, free + 1 + serve.FURTHER_PORTS)
        close(sockets)
        with pytest.raises(UsageError, match=f"port {free} is taken; choose another one with"):
            listen("", free)


def test_an_address_of_another_host_is_refused_in_words() -> None:
    """A slip in --web-bind."""
    with pytest.raises(UsageError, match=r"192\.0\.2\.1:0: .*; see --web-bind"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("address", "needed"),
    [("", False), ("127.0.0.1", False), ("127.1.2.3", False), ("::1", False)]
    + [(address, True) for address in ("0.0.0.0", "::", "10.0.0.1", "fe80::1", "host")],
)
def test_only_loopback_goes_without_a_token(address: str, needed: bool) -> None:
    """Whatever is not surely this machine alone is everybody."""
    assert needs_token(address) is needed


def test_the_url_can_be_opened_as_it_is_printed() -> None:
    """With its token; an address of IPv6 in brackets; of all addresses by the host's name."""
    sockets = listen("0.0.0.0", 0)
    port = sockets[0].getsockname()[1]
    assert url_of(sockets[0], "abc") == f"http://{socket.gethostname()}:{port}/?token=abc"
    close(sockets)


def served(feed: Feed, directory: Path, token: str = "") -> Site:
    return Site(Broadcast(feed.live), RunFiles(directory), Guard(token), print, print)


HEAD = b"GET /live/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    "asking", [HEAD % b"stream" + b"\r\n", HEAD % b"socket" + UPGRADE + b"\r\n"]
)
def test_a_browser_that_stops_reading_costs_nothing_but_itself(
    asking: bytes, tmp_path: Path
) -> None:
    """A laptop that fell asleep: others go on, nothing piles up, and the end is not held up."""
    feed = Feed()
    heard: list[int] = []

    async def follow(url: str) -> None:
        async with PageClient(url).follow() as news:
            async for item in news:  # one by one: who waits looks at the list meanwhile
                heard.append(item["now"]["second"])  # noqa: PERF401 - see above

    async def main() -> float:
        site = served(feed, tmp_path)
        sockets = listen("127.0.0.1", 0)
        url = url_of(sockets[0])
        async with (
            serving(sockets, site.application, site.broadcast.close),
            trio.open_nursery() as n,
        ):
            stuck = await trio.open_tcp_stream(*sockets[0].getsockname())
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await stuck.send_all(asking)
            n.start_soon(follow, url)
            while len(heard) < 1 or site.broadcast.followers < 2:  # noqa: ASYNC110 - sockets
                await trio.sleep(0.01)
            counters = {f"error_{number:050}": 1 for number in range(200)}
            for second in range(300):
                feed.tell(Interval(second, counters=counters))
                await trio.sleep(0.005)
            while heard[-1] < feed.live.second:  # noqa: ASYNC110 - sockets
                await trio.sleep(0.01)
            ending = trio.current_time()
            n.cancel_scope.cancel()
        await stuck.aclose()
        return trio.current_time() - ending

    with_limit = trio.run(main)
    assert with_limit < serve.GRACE + serve.STUCK / 1000 + 2
    assert len(heard) > 50
    assert heard == sorted(set(heard))


@pytest.mark.parametrize("module", ["pytsung.cli.main", "pytsung.agent.agent"])
def test_the_web_server_is_not_loaded_before_somebody_comes(module: str) -> None:
    """`pytsung --help` must be quick, and agents small."""
    code = f"import sys, {module}; print([n for n in sys.modules if n.startswith(HEAVY)])"
    heavy = ("starlette", "hypercorn", "plotly", "anyio")
    line = [sys.executable, "-c", f"HEAVY = {heavy!r}\n{code}"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
