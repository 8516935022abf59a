"""Publishing for a load test: what is sent, when, and what is said of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest
import trio
import trio.testing
from pytsung_server.events import MAX_EVENT_BYTES, Event
from pytsung_server.publication import Publication
from pytsung_server.publish_cli import main
from pytsung_server.publish_ways import AdminAddress
from pytsung_server.publisher import Published, publish

from pytsung.errors import UsageError
from pytsung.protocols.websocket.stamp import read_stamp
from tests.server.admin_client import AdminClient, wait_for
from tests.server.conftest import StartServer
from tests.server.test_server_redis import StartRedis, start_redis

__all__ = ["start_redis"]  # a fixture that pytest finds by its name


def publication(**fields: object) -> Publication:
    settings = {"publisher": "abc", "rate": 10.0, "size": 200, "channels": ("files",), **fields}
    return Publication(**settings)  # type: ignore[arg-type]  # fields of any type, by name


# -- what is sent -----------------------------------------------------------------


def test_a_message_is_an_event_with_its_time() -> None:
    """Servers have to take it, and the load generator has to find when it was sent."""
    message = publication().message(17, 1763904794.25)
    event = Event.from_message(message)
    assert (event.project, event.channels) == ("console", ("files",))
    assert event.timestamp == "2025-11-23T13:33:14.250+00:00"
    stamp = read_stamp(message)
    assert stamp is not None
    assert stamp == (1763904794.25, "abc-17")


@pytest.mark.parametrize("size", [100, 200, 5000])
def test_the_payload_has_the_size_asked_for(size: int) -> None:
    """Fan-out is measured for a size; a figure for another one would be worth nothing."""
    event = Event.from_message(publication(size=size).message(3, time.time()))
    assert len(json.dumps(event.payload, separators=(",", ":"))) == size


def test_of_very_many_events_some_are_followed() -> None:
    """Twenty a second are enough to look at; each of them costs room in the results."""
    many = publication(rate=1000.0)
    stamps = [read_stamp(many.message(number, 1.0)) for number in range(1000)]
    assert all(stamps)
    assert sum(1 for stamp in stamps if stamp and stamp.event) == 20
    few = publication(rate=10.0)
    assert all((read_stamp(few.message(n, 1.0)) or ("", ""))[1] for n in range(100))


# -- when ---------------------------------------------------------------------------


class SlowWay:
    """Takes its time for one event."""

    def __init__(self, slow: int, seconds: float) -> None:
        self._slow = slow
        self._seconds = seconds
        self.at: list[float] = []
        self.numbers: list[str] = []

    async def publish(self, messages: Sequence[bytes]) -> None:
        before = len(self.at)
        self.at += [trio.current_time()] * len(messages)
        self.numbers += [Event.from_message(one).payload["$id"] for one in messages]
        if before < self._slow <= len(self.at):
            await trio.sleep(self._seconds)


def test_a_late_event_does_not_delay_the_schedule() -> None:
    """Else a slow server would be sent less, and look fast: coordinated omission."""

    async def run() -> tuple[SlowWay, Published]:
        way, published = SlowWay(3, 0.35), Published()
        await publish(publication(count=10), way, published)
        return way, published

    way, published = trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
    on_time = [n / 10 for n in range(10)]
    assert way.at == pytest.approx([*on_time[:3], 0.55, 0.55, 0.55, *on_time[6:]])
    assert way.numbers == [f"abc-{n}" for n in range(10)]
    assert published.latest == pytest.approx(0.25)
    assert str(published) == (
        "published 10 events in 0.9 s; late by 45.0 ms on average, 250.0 ms at most"
    )


@pytest.mark.parametrize(("size", "most"), [(200, 64), (200_000, 2), (900_000, 1)])
def test_what_is_late_goes_in_together_and_is_bounded(size: int, most: int) -> None:
    """An admin port takes some hundreds of requests a second, and 1 MiB in each."""
    sizes: list[int] = []

    class Way:
        async def publish(self, messages: Sequence[bytes]) -> None:
            sizes.append(len(messages))
            assert sum(map(len, messages)) + len(messages) <= MAX_EVENT_BYTES
            await trio.sleep(1)

    async def run() -> Published:
        published = Published()
        await publish(publication(size=size, rate=1000.0, count=300), Way(), published)
        return published

    assert trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0)).count == 300
    assert sizes[0] == 1
    assert max(sizes) == most
    assert sum(sizes) == 300


# -- the command ---------------------------------------------------------------------


def test_events_get_in_by_the_admin_port(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """One connection for all, and every worker is told."""
    server = start_server("--workers", "2", "--admin-port", "0")
    admin = AdminClient(server)
    url = f"http://127.0.0.1:{admin.port}"
    assert main(["--admin", url, "--rate", "200/s", "--count", "20"]) == 0
    assert capsys.readouterr().out.startswith("published 20 events in 0.")
    wait_for(lambda: admin.counts()["events"] == 40)
    assert admin.counts()["invalid"] == 0


def test_events_get_in_by_redis(
    start_server: StartServer, start_redis: StartRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way on which several servers, and a real Appwrite, hear them."""
    redis = start_redis()
    url = f"redis://127.0.0.1:{redis.port}"
    assert main(["--redis", url, "--count", "1"]) == 0
    assert "nobody was subscribed" in capsys.readouterr().err
    server = start_server("--workers", "1", "--admin-port", "0", "--redis", url)
    admin = AdminClient(server)
    wait_for(lambda: admin.get("/health").status == 200)
    assert main(["--redis", url, "--rate", "6000/min", "--count", "10"]) == 0
    assert capsys.readouterr().err == ""
    wait_for(lambda: admin.counts()["published"] == 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--redis", "redis://127.0.0.1:1"], "Connection refused; is Redis running there?"),
        (["--admin", "127.0.0.1:1"], "is --admin-port the server's?"),
    ],
)
def test_what_cannot_be_reached_is_said(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """Status 1, the place and the cure; scripts see that nothing was published."""
    assert main(options) == 1
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == "nothing was published\n"


def test_what_refuses_is_said(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A WebSocket port is not an admin port; the answer shows which mistake it is."""
    server = start_server("--workers", "1")
    assert main(["--admin", f"127.0.0.1:{server.port}"]) == 1
    assert "refuses the event with status 400" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--redis"),
        (["--redis", "redis://a", "--admin", "b:1"], "not allowed with"),
        (["--admin", "b:1", "--rate", "10/day"], "write 10/s"),
        (["--admin", "b:1", "--rate", "0"], "write 10/s"),
        (["--admin", "b:1", "--count", "0"], "--count"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """With status 2, before anything is sent."""
    with pytest.raises(SystemExit, match="2"):
        main(options)
    assert said in capsys.readouterr().err


def test_addresses_that_make_no_sense_are_refused() -> None:
    """With the form that is wanted."""
    with pytest.raises(UsageError, match="write http://HOST:PORT"):
        main(["--admin", "https://somewhere"])
    with pytest.raises(UsageError, match="redis://HOST:PORT"):
        main(["--redis", "somewhere"])
    assert AdminAddress.parse("http://[::1]:9506").place == "[::1]:9506"


def test_a_redis_that_goes_away_ends_it(start_redis: StartRedis) -> None:
    """It says how far it came, and scripts see that it was not to the end."""
    redis = start_redis()
    command = [sys.executable, "-m", "pytsung_server", "publish", "--rate", "100"]
    command += ["--redis", f"redis://127.0.0.1:{redis.port}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: redis.published() > 3)
    redis.stop()
    said, complaint = process.communicate(timeout=10)
    assert process.returncode == 1
    assert said.startswith("published ")
    assert f"redis://127.0.0.1:{redis.port}: " in complaint
    assert "Traceback" not in complaint


def test_it_goes_on_until_it_is_told_to_end(start_server: StartServer) -> None:
    """Without --count; then it says what it sent, as at any end."""
    admin = AdminClient(start_server("--workers", "1", "--admin-port", "0"))
    command = [sys.executable, "-m", "pytsung_server", "publish", "--rate", "100"]
    command += ["--admin", f"127.0.0.1:{admin.port}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: admin.counts()["published"] > 3)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said.startswith("published ")
