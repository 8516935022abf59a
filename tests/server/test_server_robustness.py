"""Clients that mean harm, or are broken: survived, counted, and nobody else notices."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytsung_server.sockets import UNACKNOWLEDGED, open_listener

from tests.server.admin_client import wait_for
from tests.server.appwrite_events import file_event
from tests.server.conftest import StartServer
from tests.server.running import RawClient, masked, request
from tests.server.shop import Client, Shop

MANY = 20
FILES = "project=shop&channels[]=files"
UPGRADE = request("/v1/realtime?project=console")

TCP_REPAIR = 19
"""Linux: a socket that is closed in this state tells its peer nothing, as after a power cut."""


@pytest.fixture(scope="module")
def held(shop: Shop) -> list[Client]:
    """Clients that did no wrong."""
    return [shop.connect(FILES) for _ in range(MANY)]


@pytest.fixture
def undisturbed(shop: Shop, held: list[Client]) -> Iterator[None]:
    """After the test everybody who was there hears an event, and nobody else is left."""
    yield
    wait_for(lambda: shop.admin.counts()["open"] == MANY)
    shop.publish(file_event())
    for client in held:
        assert client.event()["payload"]["$id"] == "f"


Attack = Callable[[RawClient], None]


def after_upgrade(data: bytes) -> Attack:
    """Send this once the upgrade is answered."""

    def attack(client: RawClient) -> None:
        client.send(UPGRADE)
        client.read_head()
        client.read_frame()
        client.send(data)

    return attack


def before_upgrade(data: bytes) -> Attack:
    """Send this as the first bytes."""

    def attack(client: RawClient) -> None:
        with contextlib.suppress(ConnectionError):  # it may hang up in the middle
            client.send(data)

    return attack


ATTACKS: dict[str, tuple[Attack, bytes]] = {
    "garbage before the upgrade": (before_upgrade(b"\x00\xff" * 50), b"HTTP/1.1 400"),
    "TLS on a plain port": (before_upgrade(b"\x16\x03\x01\x02\x00"), b"HTTP/1.1 400"),
    "no upgrade": (before_upgrade(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), b"HTTP/1.1 400"),
    "oversized head": (before_upgrade(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000), b""),
    "one endless header": (before_upgrade(b"GET / HTTP/1.1\r\na: " + b"b" * 100_000), b""),
    "a message of 64,000 bytes and one": (after_upgrade(masked(1, b" " * 64_001)), b""),
    "fragments of 64,000 bytes and one": (
        after_upgrade(
            masked(1, b" " * 32_000).replace(b"\x81", b"\x01", 1) + masked(0, b" " * 32_001)
        ),
        b"",
    ),
    "the promise of a huge message": (
        after_upgrade(b"\x81\xff" + (2**62).to_bytes(8, "big") + bytes(4)),
        b"",
    ),
    "bad UTF-8": (after_upgrade(masked(1, b"\xc3\x28")), b"\x88\x02\x03\xef"),
    "reserved bits": (after_upgrade(b"\xf1\x80" + bytes(4)), b"\x88\x02\x03\xea"),
    "a fragmented ping": (after_upgrade(b"\x09\x80" + bytes(4)), b"\x88\x02\x03\xea"),
    "a continuation of nothing": (after_upgrade(masked(0, b"x")), b"\x88\x02\x03\xea"),
    "a length in too many bytes": (
        after_upgrade(b"\x81\xfe\x00\x01" + bytes(4) + b"x"),
        b"\x88\x02\x03\xea",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.usefixtures("undisturbed")
def test_who_breaks_the_rules_is_counted_and_gone(shop: Shop, name: str) -> None:
    """Each costs its own connection, and shows in `errors`."""
    attack, answer = ATTACKS[name]
    before = shop.admin.counts()["errors"]
    attackers = [RawClient(shop.server.port) for _ in range(MANY)]
    for attacker in attackers:
        attack(attacker)
    for attacker in attackers:
        with attacker:
            assert attacker.read_all().startswith(answer)
    wait_for(lambda: shop.admin.counts()["errors"] == before + MANY)


@pytest.mark.usefixtures("undisturbed")
def test_unmasked_frames_are_survived_and_answered(shop: Shop) -> None:
    """The original takes them, so they are no error."""
    before = shop.admin.counts()["errors"]
    for _ in range(MANY):
        with shop.connect(FILES) as client:
            client.send(b'\x81\x0f{"type":"ping"}')
            assert client.read_json() == {"type": "pong"}
    assert shop.admin.counts()["errors"] == before


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("data", [b"", request()[:-2], UPGRADE, UPGRADE + masked(1, b"{")])
def test_half_closed_connections_are_forgotten(shop: Shop, data: bytes) -> None:
    """A peer that sends no more has nothing to stay for."""
    for _ in range(MANY):
        with RawClient(shop.server.port) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            client.read_all()


@pytest.mark.parametrize("data", [UPGRADE, UPGRADE + masked(1, b"{")])
def test_resets_are_counted(start_server: StartServer, data: bytes) -> None:
    """They tell a client host in trouble from one that hangs up."""
    server = start_server("--workers", "1")
    for _ in range(MANY):
        with RawClient(server.port) as client:
            client.send(data)
            client.read_head()  # or the reset could come before the connection is accepted
            at_once = struct.pack("ii", 1, 0)  # closing sends a reset
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    with server.client() as client:
        client.upgrade()  # whatever came before has been read by then
    assert server.stop() == 0
    assert server.stats()["resets"] == MANY
    assert server.stats()["errors"] == 0


@pytest.mark.usefixtures("undisturbed")
def test_vanished_peers_cost_nothing_but_the_next_event(shop: Shop, held: list[Client]) -> None:
    """Half-open connections: nobody says that the peer is gone, until something is sent."""
    vanished = [Client(shop.server.port) for _ in range(MANY)]
    for client in vanished:
        client.open(FILES)
        try:
            client.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            pytest.skip("making a peer vanish (TCP_REPAIR) needs CAP_NET_ADMIN: run as root")
        client.socket.close()
    assert shop.admin.counts()["open"] == 2 * MANY
    shop.publish(file_event())
    for client in held:
        assert client.event()["payload"]["$id"] == "f"


def test_unacknowledged_data_ends_a_connection_after_a_minute() -> None:
    """Connections inherit it from their listener, so it costs none a system call."""
    with open_listener((socket.AF_INET, ("127.0.0.1", 0))) as listener:
        listener.setblocking(True)
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                told = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert told == UNACKNOWLEDGED * 1000
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_churn_leaves_nothing_behind(tmp_path: Path) -> None:
    """Connects and disconnects by the thousand: descriptors and memory as before.

    `bench/churn.py` does it for a minute.
    """
    shop = Shop(tmp_path)
    try:
        (worker,) = shop.server.workers
        churn(shop, 500)  # caches, the heap's first growth
        before = footprint(worker)
        churn(shop, 1500)
        after = footprint(worker)
        assert after[0] == before[0]
        assert after[1] - before[1] < 300_000  # 200 bytes a connection would be as much
        assert shop.admin.counts()["errors"] == 0
    finally:
        shop.close()


def churn(shop: Shop, count: int) -> None:
    """Clients that subscribe, hear an event now and then, and leave in every way there is."""
    for number in range(count):
        with Client(shop.server.port) as client:
            client.open(FILES)
            if number % 3 == 0:
                client.subscribe({"channels": [f"c{number}"], "subscriptionId": f"s{number}"})
            if number % 100 == 0:
                shop.publish(file_event())
                client.event()
            if number % 2:
                client.send(masked(8, b"\x03\xe8"))
    wait_for(lambda: shop.admin.counts()["open"] == 0)


def footprint(pid: int) -> tuple[int, int]:
    """Descriptors, and bytes of memory that are the process's own."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), int(line.split()[1]) * 1024
