"""Appwrite's own SDK as a client: today's, and the one of the time of the benchmark.

Whoever tests a program with this server relies on the SDK's rules being met: which
message it waits for, which ids it looks at, and what makes it stop reconnecting.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytsung_server.events import Event

from tests.server.conftest import StartServer
from tests.server.sdk import SdkClient, skip_without_sdk
from tests.server.shop import ANNA, Shop

BOTH = ["appwrite", "appwrite-4"]


@pytest.fixture(autouse=True)
def _needs_sdk() -> None:
    skip_without_sdk()


def event(channel: str, number: int = 1) -> Event:
    return Event(
        project="shop",
        channels=(channel,),
        roles=("any",),
        names=("shop.test",),
        timestamp="2026-08-21T13:42:57.123+00:00",
        payload={"$id": str(number)},
    )


@pytest.fixture
def today(shop: Shop) -> Iterator[SdkClient]:
    with SdkClient("appwrite", shop.server.port, "shop") as client:
        yield client


def test_it_subscribes_and_hears_events(shop: Shop, today: SdkClient) -> None:
    """It drops events that do not name its own subscription's id."""
    today.order("subscribe", name="a", channels=["files"])
    today.message("received", "response")
    shop.publish(event("files"))
    heard = today.saw("event")
    assert heard["name"] == "a"
    assert heard["event"]["payload"] == {"$id": "1"}
    assert heard["event"]["channels"] == ["files"]


@pytest.mark.parametrize("package", BOTH)
def test_it_hears_the_tests_channel(shop: Shop, package: str) -> None:
    """Ready-made proof of life: an event every five seconds, without any back end."""
    with SdkClient(package, shop.server.port, "console") as client:
        client.order("subscribe", name="t", channels=["tests"])
        heard = client.saw("event")["event"]
        assert heard["events"] == ["test.event"]
        assert heard["payload"] == {"response": "WS:/v1/realtime:passed"}


def test_two_subscriptions_hear_their_own(shop: Shop, today: SdkClient) -> None:
    """Over one connection; and after one was given up, the other goes on."""
    for name in ("files", "rows"):
        today.order("subscribe", name=name, channels=[name])
        today.message("received", "response")
    shop.publish(event("rows", 1))
    assert today.saw("event")["name"] == "rows"

    today.order("unsubscribe", name="rows")
    answer = today.message("received", "response")
    assert answer["data"]["subscriptions"][0]["removed"] is True
    shop.publish(event("rows", 2))
    shop.publish(event("files", 3))
    heard = today.saw("event")
    assert (heard["name"], heard["event"]["payload"]) == ("files", {"$id": "3"})


def test_its_pings_are_answered(today: SdkClient) -> None:
    """Twenty seconds apart in real life; a server that says nothing looks dead."""
    today.order("subscribe", name="a", channels=["files"])
    today.message("sent", "ping")
    today.message("received", "pong")


@pytest.mark.parametrize("package", BOTH)
def test_it_logs_in_by_its_session(shop: Shop, package: str) -> None:
    """It sends the session once it is connected, if the server has not known it by a cookie."""
    with SdkClient(package, shop.server.port, "shop", ANNA) as client:
        client.order("subscribe", name="a", channels=["account"])
        client.message("sent", "authentication")
        answer = client.message("received", "response")
        assert answer["data"]["to"] == "authentication"
        assert answer["data"]["success"] is True
        assert answer["data"]["user"]["$id"] == "anna"


def test_the_old_one_subscribes_by_its_address(shop: Shop) -> None:
    """It opens a new connection for each change, and matches events by channel."""
    with SdkClient("appwrite-4", shop.server.port, "shop") as client:
        client.order("subscribe", name="a", channels=["files"])
        client.message("received", "connected")
        shop.publish(event("files"))
        assert client.saw("event")["event"]["payload"] == {"$id": "1"}
        client.order("subscribe", name="b", channels=["rows"])
        assert client.message("received", "connected")["data"]["channels"] == ["files", "rows"]


@pytest.mark.parametrize("package", BOTH)
def test_who_is_refused_does_not_come_back(shop: Shop, package: str) -> None:
    """Without the close frame with code 1008 it reconnects every second for ever."""
    with SdkClient(package, shop.server.port, "unknown") as client:
        client.order("subscribe", name="a", channels=["files"])
        assert client.message("received", "error")["data"]["code"] == 1008
        assert client.saw("closed")["code"] == 1008
        seen = [one["saw"] for one in client.everything(1.8)]
        assert "opened" not in seen


def test_it_comes_back_after_a_restart(start_server: StartServer) -> None:
    """A server that goes away says 1001, which SDKs take for a reason to reconnect."""
    server = start_server("--workers", "1")
    with SdkClient("appwrite", server.port, "console") as client:
        client.order("subscribe", name="a", channels=["files"])
        client.message("received", "response")
        assert server.stop() == 0
        assert client.saw("closed")["code"] == 1001
        again = start_server("--workers", "1", "--port", str(server.port))
        started = time.monotonic()
        client.saw("opened")
        assert time.monotonic() - started < 5
        answer = client.message("received", "response")
        assert answer["data"]["subscriptions"][0]["channels"] == ["files"]
        assert again.stop() == 0


def test_it_disconnects_in_order(today: SdkClient) -> None:
    """The close frame of the client is echoed."""
    today.order("subscribe", name="a", channels=["files"])
    today.message("received", "response")
    today.order("disconnect")
    assert today.saw("closed")["code"] == 1000
