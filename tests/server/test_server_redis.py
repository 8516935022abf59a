"""Events from Redis: addresses, the protocol, and a Redis that goes away and comes back."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from pytsung_server import redis_feed
from pytsung_server.redis_address import RedisAddress
from pytsung_server.redis_connection import RedisConnection, RedisError, command, connect
from pytsung_server.redis_feed import FeedStatus, follow

from tests.server.admin_client import AdminClient, wait_for
from tests.server.conftest import StartServer
from tests.server.running import RawClient

EVENT: dict[str, Any] = {
    "project": "console",
    "roles": ["any"],
    "permissionsChanged": False,
    "userId": None,
    "data": {
        "events": ["test"],
        "channels": ["files"],
        "timestamp": "2026-08-21T13:42:57.123+00:00",
        "payload": {"$id": "1"},
    },
}


# -- following it, against a fake ---------------------------------------------


Peer = Callable[[trio.abc.Stream], Any]


class FakeRedis:
    """Plays each of `peers` to one connection; then nobody is there any more."""

    def __init__(self, *peers: Peer) -> None:
        self._peers = list(peers)
        self.attempts: list[float] = []
        self.nursery: trio.Nursery | None = None

    @asynccontextmanager
    async def connect(self, address: RedisAddress) -> AsyncIterator[RedisConnection]:
        self.attempts.append(trio.current_time())
        if not self._peers:
            raise RedisError("Connection refused")
        ours, theirs = trio.testing.memory_stream_pair()
        assert self.nursery is not None
        self.nursery.start_soon(self._peers.pop(0), theirs)
        yield RedisConnection(ours)


SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$8\r\nrealtime\r\n:1\r\n"


def pushed(message: bytes) -> bytes:
    return command("message", "realtime", message)


async def watch(
    fake: FakeRedis, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> tuple[list[bytes], FeedStatus]:
    """Follow the fake for some seconds; gives what came, and how it stands."""
    monkeypatch.setattr(redis_feed, "connect", fake.connect)
    taken: list[bytes] = []
    status = FeedStatus()
    async with trio.open_nursery() as nursery:
        fake.nursery = nursery
        nursery.cancel_scope.deadline = trio.current_time() + seconds
        await follow(RedisAddress("cache"), taken.append, status)
    return taken, status


def test_messages_are_handed_on_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of events is the order in which they were published."""

    async def peer(stream: trio.abc.Stream) -> None:
        assert await stream.receive_some() == command("SUBSCRIBE", "realtime")
        await stream.send_all(SUBSCRIBED + pushed(b"one") + pushed(b"two"))
        await trio.sleep_forever()

    async def main() -> None:
        taken, status = await watch(FakeRedis(peer), monkeypatch, 10)
        assert taken == [b"one", b"two"]
        assert (status.subscribed, status.messages, status.losses) == (True, 2, 0)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_attempts_become_rare(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A Redis that is away for a day must not fill the log, nor be hammered when it returns."""

    async def main() -> None:
        fake = FakeRedis()
        _, status = await watch(fake, monkeypatch, 30)
        pauses = [b - a for a, b in zip(fake.attempts, fake.attempts[1:], strict=False)]
        assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5])
        assert status.reason == "Connection refused"

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert [record.message for record in caplog.records] == [
        "redis://cache:6379: Connection refused; no events from there, trying again"
    ]


def test_a_redis_that_drops_everybody_is_not_hammered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten attempts a second would fill both logs; and a real restart is still seen at once."""

    async def fickle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(SUBSCRIBED)
        await stream.aclose()

    async def steady(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(SUBSCRIBED)
        await trio.sleep(10)
        await stream.aclose()

    async def main() -> None:
        fake = FakeRedis(fickle, fickle, fickle, steady)
        await watch(fake, monkeypatch, 11)
        assert fake.attempts == pytest.approx([0, 0.1, 0.3, 0.7, 10.8, 11.0], abs=0.01)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_a_vanished_redis_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """When its host loses power no FIN comes; without asking we would wait for ever."""
    heard: list[bytes] = []

    async def vanished(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(SUBSCRIBED)
        heard.append(bytes(await stream.receive_some()))
        await trio.sleep_forever()

    async def quiet(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(SUBSCRIBED)
        while await stream.receive_some():
            await stream.send_all(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")

    async def main() -> None:
        fake = FakeRedis(vanished, quiet)
        _, status = await watch(fake, monkeypatch, 300)
        assert heard == [command("PING")]
        assert fake.attempts == pytest.approx([0, 30.1])  # and the quiet one is left in peace
        assert (status.subscribed, status.losses) == (True, 1)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


# -- a real Redis --------------------------------------------------------------


class RedisServer:
    """A real redis-server on a port of its own, kept nowhere."""

    def __init__(self, directory: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(directory), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def publish(self, message: bytes, password: str = "") -> int:
        """Publish on `realtime`; gives how many subscribers got it."""
        address = RedisAddress("127.0.0.1", self.port, password=password)

        async def call() -> int:
            async with connect(address) as connection:
                return int(await connection.call("PUBLISH", "realtime", message))

        return trio.run(call)

    def published(self) -> int:
        """How many PUBLISH commands it has had."""

        async def call() -> bytes:
            async with connect(RedisAddress("127.0.0.1", self.port)) as connection:
                return bytes(await connection.call("INFO", "commandstats"))

        found = re.search(rb"cmdstat_publish:calls=(\d+)", trio.run(call))
        return int(found[1]) if found else 0


StartRedis = Callable[..., RedisServer]


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[StartRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server here: apt-get install --no-install-recommends redis-server")
    started: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        started.append(RedisServer(tmp_path, *options))
        return started[-1]

    yield start
    for redis in started:
        redis.stop()


def test_a_redis_restart_costs_no_connection(
    start_server: StartServer, start_redis: StartRedis
) -> None:
    """Redis is restarted in mid-run: clients stay, the server says so, and events come again."""
    redis = start_redis()
    server = start_server("--workers", "2", "--admin-port", "0", "--redis", redis.url)
    admin = AdminClient(server)
    clients = [RawClient(server.port) for _ in range(10)]
    for client in clients:
        client.upgrade()
    wait_for(lambda: admin.get("/health").status == 200)
    assert redis.publish(json.dumps(EVENT).encode()) == 1
    wait_for(lambda: admin.counts()["published"] == 1)

    redis.stop()
    wait_for(lambda: admin.get("/health").status == 503)
    assert "no events from there, trying again" in server.errors
    redis.start()
    wait_for(lambda: admin.get("/health").status == 200)
    assert redis.publish(json.dumps(EVENT).encode()) == 1
    wait_for(lambda: admin.counts()["published"] == 2)

    counts = admin.counts()
    assert (counts["open"], counts["redis_losses"]) == (10, 1)
    for client in clients:
        client.send(b"\x89\x80\x00\x00\x00\x00")
        while client.read_frame()[0] != 10:
            pass  # events, before the pong
        client.socket.close()
    assert server.errors.count("subscribed to realtime") == 2


@pytest.mark.parametrize("profile", ["current", "bench2021"])
def test_clients_of_all_servers_hear_an_event(
    start_server: StartServer, start_redis: StartRedis, profile: str
) -> None:
    """The reason for Redis: servers on many hosts are one, a real Appwrite among them."""
    redis = start_redis()
    options = ("--workers", "1", "--profile", profile, "--redis", redis.url)
    servers = [start_server(*options) for _ in range(2)]
    clients = [server.client() for server in servers]
    for client in clients:
        client.upgrade()
    wait_for(lambda: all("subscribed to realtime" in server.errors for server in servers))
    assert redis.publish(json.dumps(EVENT).encode()) == 2
    for client in clients:
        message = client.read_json()
        assert message["type"] == "event"
        assert message["data"]["channels"] == ["files"]
        assert message["data"]["payload"] == {"$id": "1"}


def test_no_test_reaches_a_stranger() -> None:
    """A typing error in a test must not publish somewhere else."""

    async def call() -> None:
        async with connect(RedisAddress("192.0.2.1")):
            raise AssertionError("it must not come this far")

    with pytest.raises(RedisError, match="PYTSUNG_LOOPBACK_ONLY"):
        trio.run(call)


def test_a_password_is_given_and_a_wrong_one_is_said(
    start_server: StartServer, start_redis: StartRedis
) -> None:
    """A production Redis asks for one; a wrong one must not look like a quiet channel."""
    redis = start_redis("--requirepass", "secret")
    url = f"redis://:%s@127.0.0.1:{redis.port}"
    right = start_server("--workers", "1", "--redis", url % "secret")
    wrong = start_server("--workers", "1", "--redis", url % "guess")
    wait_for(lambda: "subscribed to realtime" in right.errors)
    wait_for(lambda: "it refuses: WRONGPASS" in wrong.errors)
    assert "guess" not in wrong.errors


def test_what_is_no_event_is_counted(start_server: StartServer, start_redis: StartRedis) -> None:
    """Others may publish on the channel, too: that costs a line of the log, not the server."""
    redis = start_redis()
    server = start_server("--workers", "1", "--admin-port", "0", "--redis", redis.url)
    admin = AdminClient(server)
    wait_for(lambda: "subscribed to realtime" in server.errors)
    for _ in range(7):
        redis.publish(b"hello")
    redis.publish(json.dumps(EVENT).encode())
    wait_for(lambda: admin.counts()["published"] == 1)
    assert admin.counts()["invalid"] == 7
    assert server.errors.count("not an event") == 5
