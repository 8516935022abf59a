"""The measurements of the server are made by clients of our own, so these must be right."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from bench import server as program
from bench.rivals import BARE, RIVALS, SEND_LOOP, Rival
from bench.send_queue import unsent_bytes
from bench.served import Ours
from bench.server import Broadcast, Server, Spread, measure_connections, measure_events

SUBSCRIBERS = 200


@pytest.fixture(autouse=True)
def _few_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough to see that it works."""
    monkeypatch.setattr(program, "EVENTS", 2)
    monkeypatch.setattr(program, "SETTLE", 0.1)


@pytest.mark.parametrize(
    "server",
    [SEND_LOOP, BARE, Ours(), Ours(profile="bench2021"), *RIVALS],
    ids=lambda server: str(server.name),
)
def test_an_event_comes_to_all(server: Server) -> None:
    """A server that loses half of the clients would look twice as good."""
    if isinstance(server, Rival) and not server.is_installed:
        pytest.skip(f"{server.missing} is not installed")
    found = measure_events(server, SUBSCRIBERS)
    assert 0 < found.spread.median <= found.spread.last < 5
    assert found.spread.cpu > 0
    assert found.blocked > 0


def test_who_does_not_read_is_there_and_delays_nobody() -> None:
    """The row with a slow client is only worth something if the others have all events."""
    found = measure_events(Ours(), SUBSCRIBERS, with_slow=True)
    assert found.spread.last < 5


def test_what_a_client_leaves_unread_is_known() -> None:
    """The slow client is slow once the server's end of it takes no more, and not before."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        port, peer = listener.getsockname()[1], client.getsockname()[1]
        assert unsent_bytes(port, peer) == 0
        server.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                server.send(bytes(65536))
        assert unsent_bytes(port, peer) > 0
    with pytest.raises(ConnectionError):
        unsent_bytes(port, 1)


def test_connections_cost_something() -> None:
    """CPU and memory are those of the server's processes, for each connection."""
    cost = measure_connections(Ours(), 500, None)
    assert 1 < cost.cpu < 2000
    assert cost.memory < 50_000


def test_figures_are_medians() -> None:
    """One hiccup of the machine must not decide a figure."""
    found = Broadcast.of([Spread(1, 2, 3), Spread(9, 9, 9), Spread(1, 2, 4)], 0.5, 0.25)
    assert found.spread == Spread(1, 2, 4)
    assert found.times == "2,000 ms | 4,000 ms"
