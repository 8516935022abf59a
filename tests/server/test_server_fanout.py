"""Events to their subscribers: in slices, in order, once, whatever happens meanwhile."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from pytsung_server import event_frames, fanout
from pytsung_server.event_frames import EventFrames
from pytsung_server.fanout import CHUNK, MAX_PENDING, SLICE
from pytsung_server.ids import Minter
from pytsung_server.messages import encode
from pytsung_server.settings import Profile

from tests.server.admin_client import AdminClient, wait_for
from tests.server.appwrite_events import file_event
from tests.server.bench import Bench, Peer, bench, event
from tests.server.conftest import StartServer
from tests.server.running import RawClient
from tests.server.shop import Client, Shop

FILES = "project=console&channels[]=files"
PUSH = 0.0005
"""Seconds that a push takes in the tests' own time."""


class Clock:
    """Time that passes only by pushing."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class SlowPeer(Peer):
    """A client to whom a push takes time, and after whose pushes something happens."""

    clock: Clock
    after: Callable[[], object] = staticmethod(lambda: None)

    def push(self, data: bytes) -> None:
        super().push(data)
        self.clock.now += PUSH
        self.after()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(fanout, "monotonic", made.monotonic)
    monkeypatch.setattr(SlowPeer, "clock", made, raising=False)
    return made


def crowd(worker: Bench, count: int) -> list[SlowPeer]:
    """Guests that all listen to `files`."""
    first, _ = worker.connect(FILES)
    group = first.group
    assert group is not None
    peers = [SlowPeer(worker, group, worker.shared.minter.take(1)) for _ in range(count)]
    first.leave()
    return peers


def turn(worker: Bench) -> bool:
    """One turn of the loop, as far as the fan-out is concerned; False when it had nothing."""
    had_work = bool(worker.reactor._callbacks)
    worker.reactor._run_callbacks()
    return had_work


@pytest.mark.parametrize("are_alike", [True, False])
def test_the_loop_is_never_held_for_long(clock: Clock, are_alike: bool) -> None:
    """20,000 sends at once block everybody else for 150 ms, whatever the clients listen to."""
    with bench() as worker:
        peers = crowd(worker, 1000)
        for number, peer in enumerate(() if are_alike else peers):
            peer.subscribe({"channels": [f"own.{number}"]})
        before = clock.now
        worker.events.take(event("files").to_message())
        longest, turns = clock.now - before, 1
        while True:
            before = clock.now
            if not turn(worker):
                break
            longest, turns = max(longest, clock.now - before), turns + 1
        assert longest < SLICE + CHUNK * PUSH
        assert turns >= 1000 * PUSH / (SLICE + CHUNK * PUSH)
        assert all(len(peer.heard()) == 1 for peer in peers)
        assert worker.counts.deliveries == 1000


def test_events_come_in_order_and_one_after_the_other(clock: Clock) -> None:
    """Whoever shows a document must not show its older state last."""
    with bench() as worker:
        peers = crowd(worker, 200)
        for number in range(5):
            worker.events.take(event("files", payload={"number": number}).to_message())
            turn(worker)
        while turn(worker):
            pass
        for peer in peers:
            assert [one["payload"]["number"] for one in peer.heard()] == [0, 1, 2, 3, 4]


def test_whoever_changes_meanwhile_gets_it_once_by_what_holds_now(clock: Clock) -> None:
    """A client that is reached late may have gone, or listen to something else by then."""
    with bench() as worker:
        peers = crowd(worker, 400)
        worker.events.take(event("files").to_message())
        reached = [peer for peer in peers if peer.got]
        late = [peer for peer in peers if not peer.got]
        assert len(reached) > 10
        assert len(late) > 10
        again, left, gone, other, moved = reached[0], *late[:4]
        again.subscribe({"channels": ["files"], "subscriptionId": "more"})
        left.leave()
        first = worker.shared.minter.text(int(str(gone.ids)))
        gone.say(type="unsubscribe", data=[{"subscriptionId": first}])
        other.subscribe({"channels": ["rows"], "subscriptionId": "rows"})
        moved.subscribe({"channels": ["files"], "subscriptionId": "more"})
        new, _ = worker.connect(FILES)
        while turn(worker):
            pass
        for nobody in (left, gone, new):
            assert nobody.heard() == []
        assert len(again.heard()) == 1
        assert len(other.heard()[0]["subscriptions"]) == 1
        assert "more" in moved.heard()[0]["subscriptions"]
        assert all(len(peer.heard()) == 1 for peer in late[4:])


def test_the_bus_is_told_to_wait_and_to_go_on(clock: Clock) -> None:
    """What cannot be delivered yet waits where it is bounded, not here."""
    with bench() as worker:
        peers = crowd(worker, 100)
        said: list[bool] = []
        worker.events.fanout.throttle = said.append
        for number in range(MAX_PENDING + 10):
            worker.events.take(event("files", payload={"number": number}).to_message())
        assert said == [True]
        while turn(worker):
            pass
        assert said == [True, False]
        numbers = [one["payload"]["number"] for one in peers[0].heard()]
        assert numbers == list(range(MAX_PENDING + 10))


@pytest.mark.parametrize("profile", list(Profile))
def test_an_event_is_encoded_once(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for everybody, not for each of a hundred thousand."""
    encoded: list[Any] = []

    def spy(message: Any) -> bytes:
        encoded.append(message)
        return encode(message)

    with bench(profile) as worker:
        peers = [worker.connect(FILES)[0] for _ in range(50)]
        monkeypatch.setattr(event_frames, "encode", spy)
        worker.publish(event("files"))
        assert len(encoded) == 1
        frames = {bytes(b"".join(peer.got)) for peer in peers}
        assert len(frames) == (1 if profile is Profile.BENCH2021 else 50)


def test_an_event_today_byte_for_byte() -> None:
    """Keys in this order, slashes escaped, ASCII only, ids last."""
    frames = EventFrames(Profile.CURRENT, event("files", payload={"name": "a/ä"}), Minter())
    assert frames.whole is None
    data = frames.with_ids(["x" * 20])
    assert data[4:] == (
        b'{"type":"event","data":{"events":["some.event"],"channels":["files"],'
        b'"timestamp":"2026-08-21T13:42:57.123+00:00","payload":{"name":"a\\/\\u00e4"},'
        b'"subscriptions":["xxxxxxxxxxxxxxxxxxxx"]}}'
    )
    assert data[:4] == b"\x81\x7e" + (len(data) - 4).to_bytes(2, "big")
    assert b'"subscriptions":["a","bc"]}}' in frames.with_ids(["a", "bc"])


@pytest.mark.parametrize("size", [1, 40, 100, 65_000, 65_400, 65_500, 70_000])
def test_the_frame_is_well_formed_at_every_length(size: int) -> None:
    """Lengths of 126 and 65,536 change the header before the ids are known."""
    frames = EventFrames(Profile.CURRENT, event("files", payload="x" * size), Minter())
    for ids in (["a"], ["a" * 20] * 3, ["b" * 36] * 10):
        ours, theirs = socket.socketpair()
        reader = RawClient.__new__(RawClient)
        reader.socket = theirs
        with ours, theirs:
            data = frames.with_ids(ids)
            ours.sendall(data)
            assert reader.read_json()["data"]["subscriptions"] == ids


@pytest.mark.parametrize(
    ("timestamp", "today", "in_2021"),
    [
        (1630000000, "2021-08-26T17:46:40.000+00:00", 1630000000),
        ("2021-08-26T17:46:40.123+00:00", "2021-08-26T17:46:40.123+00:00", 1630000000),
        ("yesterday", "yesterday", "yesterday"),
        (10**30, str(10**30), 10**30),
    ],
)
def test_either_generation_may_publish_to_the_other(
    timestamp: str | int, today: str, in_2021: str | int
) -> None:
    """One publisher of a load test serves both profiles."""
    published = event("files", timestamp=timestamp)
    frames = EventFrames(Profile.CURRENT, published, Minter())
    assert f'"timestamp":"{today}"'.encode() in frames.with_ids(["a"])
    whole = EventFrames(Profile.BENCH2021, published, Minter()).whole
    assert whole is not None
    data = json.loads(whole[whole.index(b"{") :])["data"]
    assert data == {
        "event": "some.event",
        "channels": ["files"],
        "timestamp": in_2021,
        "payload": {"$id": "x"},
    }


def test_an_event_that_cannot_be_written_is_nobodys_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nesting that was read may be too deep to write; the worker goes on."""

    def fail(message: object) -> bytes:
        raise RecursionError

    with bench() as worker:
        peer, _ = worker.connect(FILES)
        with monkeypatch.context() as patch:
            patch.setattr(event_frames, "encode", fail)
            worker.publish(event("files"))
        worker.publish(event("files"))
        assert len(peer.heard()) == 1


def test_what_is_no_event_is_said_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """The parent has looked at all of them; one that slips through must not end a worker."""
    with bench() as worker:
        peer, _ = worker.connect(FILES)
        worker.events.take(b"nonsense")
        assert "not an event: no JSON" in caplog.text
        worker.publish(event("files"))
        assert len(peer.heard()) == 1


def test_a_slow_consumer_is_dropped_and_delays_nobody(shop: Shop) -> None:
    """One phone in a tunnel must cost neither memory nor anybody else's time."""
    slow = Client.__new__(Client)
    slow.socket = socket.socket()
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.socket.settimeout(5)
    slow.socket.connect(("127.0.0.1", shop.server.port))
    with slow:
        slow.open("project=shop&channels[]=files")
        quick = shop.connect("project=shop&channels[]=files")
        for number in range(20):
            shop.publish(file_event(number=number, text="x" * 500_000))
            assert quick.event()["payload"]["number"] == number
        wait_for(lambda: shop.admin.counts()["slow"] == 1)
        assert len(slow.read_all()) < 20 * 500_000
    assert quick.say({"type": "ping"}) == {"type": "pong"}


def test_events_over_several_workers(start_server: StartServer) -> None:
    """Each worker has some of the clients, and every one of them hears the event."""
    server = start_server("--workers", "3", "--admin-port", "0", "--grace", "0")
    admin = AdminClient(server)
    clients = [server.client() for _ in range(30)]
    for client in clients:
        client.upgrade()
    assert admin.post(event("files").to_message()).status == 202
    for client in clients:
        assert client.read_json()["type"] == "event"
    assert server.stop() == 0
    stats = server.stats()
    assert stats["deliveries"] == 30
    assert stats["events"] == 3
