"""Appwrite's own tests of connecting and logging in, by their names, on a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.appwrite_events import file_event
from tests.server.conftest import StartServer
from tests.server.running import RunningServer
from tests.server.shop import ANNA, BEN, Client, Shop, session_of, token_of

COOKIE = f"Cookie: a_session_shop={quote(ANNA)}"

UNSUPPORTED = (
    "Query method 'contains' is not supported in Realtime queries. Allowed: equal, notEqual,"
    " lessThan, lessThanEqual, greaterThan, greaterThanEqual, isNull, isNotNull, and, or, select"
)


def test_connection(shop: Shop) -> None:
    """testConnection: the first message comes, and is not empty."""
    assert shop.client().open("project=shop&channels[]=files")["channels"] == ["files"]


def test_connection_success_missing_channels(shop: Shop) -> None:
    """testConnectionSuccessMissingChannels: today's SDKs connect first and subscribe later."""
    data = shop.client().open("project=shop")
    assert data == {"channels": [], "subscriptions": [], "user": None}


def test_connection_failure_missing_channels(bench2021: RunningServer) -> None:
    """testConnectionFailureMissingChannels of 0.10: without channels there was nothing to do."""
    with bench2021.client() as client:
        message = client.upgrade("/v1/realtime?project=console")
        assert message["data"] == {"code": 1008, "message": "Missing channels"}
        assert client.read_frame() == (8, b"\x03\xf0")
        assert client.read_all() == b""


@pytest.mark.parametrize("query", ["", "project=", "project=nobody", "project[]=shop"])
def test_connection_failure_unknown_project(shop: Shop, query: str) -> None:
    """testConnectionFailureUnknownProject: said, and disconnected at once."""
    assert shop.refusal(query) == (1008, "Missing or unknown project ID")


def test_connection_region_check(shop: Shop) -> None:
    """testConnectionRegionCheck: a project of this region is served, one of another is not."""
    assert shop.client().open("project=shop&channels[]=a")["channels"] == ["a"]
    code, text = shop.refusal("project=far")
    assert code == 401
    assert text.startswith("Project is not accessible in this region")


def test_connection_platform(shop: Shop) -> None:
    """testConnectionPlatform: a foreign page must not use a visitor's session."""
    code, text = shop.refusal("project=shop", "Origin: http://appwrite.unknown")
    assert code == 1008
    assert text == (
        "Invalid Origin. Register your new client (appwrite.unknown) as a new Web platform"
        " on your project console dashboard"
    )


def test_project_with_realtime_switched_off(shop: Shop) -> None:
    """An operator's switch: the API answers 403, and so does this."""
    assert shop.refusal("project=closed")[0] == 403


def test_channel_parsing(shop: Shop) -> None:
    """testChannelParsing: a session gives a user, whose account stands for itself."""
    client = shop.client()
    data = client.open("project=shop&channels[]=account", COOKIE)
    assert data["user"]["$id"] == "anna"
    assert data["channels"] == ["account", "account.anna"]
    data = shop.client().open("project=shop&channels[]=account.123&channels[]=files", COOKIE)
    assert data["channels"] == ["files"]
    names = ["account", *(f"channel{number}" for number in range(14))]
    query = "&".join(f"channels%5B%5D={name}" for name in names)
    data = shop.client().open(f"project=shop&{query}", COOKIE)
    assert data["channels"] == [*names, "account.anna"]
    assert len(data["subscriptions"]) == 1


@pytest.mark.parametrize(
    "header",
    [
        f"Cookie: other=1; a_session_shop_legacy={quote(ANNA)}",
        f"X-Appwrite-Session: {ANNA}",
        f"X-Fallback-Cookies: {json.dumps({'a_session_shop': ANNA})}",
    ],
)
def test_sessions_come_in_many_ways(shop: Shop, header: str) -> None:
    """Browsers that keep no cookies, and servers, have ways of their own."""
    assert shop.client().open("project=shop", header)["user"]["name"] == "Anna"


@pytest.mark.parametrize(
    "session", ["x", "e30=", session_of("anna", "wrong"), session_of("carl", "s3cret")]
)
def test_a_session_that_is_not_valid_makes_a_guest(shop: Shop, session: str) -> None:
    """Whose session has ended may still see what everybody sees."""
    assert shop.client().open("project=shop", f"Cookie: a_session_shop={session}")["user"] is None


def test_ping_pong(shop: Shop) -> None:
    """testPingPong: SDKs send one every 20 seconds."""
    assert shop.connect().say({"type": "ping"}) == {"type": "pong"}


def test_manual_authentication(shop: Shop) -> None:
    """testManualAuthentication: log in on an open connection; whatever is wrong, it stays."""
    client = shop.connect("project=shop&channels[]=account")
    answer = client.say({"type": "authentication", "data": {"session": ANNA}})
    assert answer["type"] == "response"
    assert answer["data"]["to"] == "authentication"
    assert answer["data"]["success"] is True
    assert answer["data"]["user"]["$id"] == "anna"
    assert client.complaint({"type": "authentication", "data": {"session": "invalid"}}) == (
        1003,
        "Session is not valid.",
    )
    assert client.complaint({"type": "authentication", "data": {}}) == (
        1003,
        "Payload is not valid. Session is required",
    )
    assert client.complaint({"type": "unknown", "data": {"session": ANNA}}) == (
        1003,
        "Message type is not valid.",
    )
    assert client.complaint({"test": "123"}) == (1003, "Message format is not valid.")
    assert client.say({"type": "ping"}) == {"type": "pong"}


def test_manual_authentication_in_the_console(shop: Shop) -> None:
    """testManualAuthentication of the console's clients: users of its own."""
    client = shop.connect("project=console&channels[]=account")
    session = session_of("admin", "root")
    answer = client.say({"type": "authentication", "data": {"session": session}})
    assert answer["data"]["user"]["$id"] == "admin"


def test_connection_jwt(shop: Shop) -> None:
    """testConnectionJWT: apps without cookies bring a token, in the header or the query."""
    token = token_of()
    data = shop.client().open("project=shop", f"X-Appwrite-JWT: {token}")
    assert data["user"]["$id"] == "anna"
    assert shop.client().open(f"project=shop&jwt={token}")["user"]["$id"] == "anna"


@pytest.mark.parametrize(
    "token",
    [
        "invalid",
        "a.b.c",
        token_of("another key"),
        token_of(exp=1),
        token_of().rpartition(".")[0] + ".",
    ],
)
def test_connection_jwt_that_is_not_valid(shop: Shop, token: str) -> None:
    """testConnectionJWT: a token that cannot be believed is an error, unlike a session."""
    code, text = shop.refusal(f"project=shop&jwt={token}")
    assert code == 401
    assert text.startswith("Failed to verify JWT. ")


def test_a_token_whose_session_has_ended_makes_a_guest(shop: Shop) -> None:
    """A token outlives a log-out by minutes, and must not be worth anything then."""
    token = token_of(sessionId="gone")
    assert shop.client().open(f"project=shop&jwt={token}")["user"] is None


def test_token_and_session_together_are_an_error(shop: Shop) -> None:
    """Two claims of who somebody is: neither is believed."""
    assert shop.refusal(f"project=shop&jwt={token_of()}", COOKIE)[0] == 403


def test_project_channel_with_header_only(shop: Shop) -> None:
    """testProjectChannelWithHeaderOnly: `project` is a channel, too, and its queries an array."""
    client = shop.client()
    data = client.open("channels[]=project", "X-Appwrite-Project: shop")
    assert data["channels"] == ["project"]
    query = quote('{"method":"select","values":["*"]}')
    data = shop.client().open(
        f"channels[]=project&project[0][]={query}", "X-Appwrite-Project: shop"
    )
    assert len(data["subscriptions"]) == 1
    code, text = shop.refusal(
        "channels[]=project&project[]=another-project", "X-Appwrite-Project: shop"
    )
    assert (code, text.split(":")[0]) == (1008, "Invalid query")


def test_project_channel_with_query(shop: Shop) -> None:
    """testProjectChannelWithQuery: a string is the project's id, and no query."""
    data = shop.client().open("channels[]=project&project=shop")
    assert data["channels"] == ["project"]
    assert len(data["subscriptions"]) == 1


@pytest.mark.parametrize("nested", [False, True])
def test_invalid_query_should_not_subscribe(shop: Shop, nested: bool) -> None:
    """testInvalidQueryShouldNotSubscribe: the method is named, wherever it hides."""
    wrong: dict[str, Any] = {"method": "contains", "attribute": "name", "values": ["x"]}
    if nested:
        wrong = {"method": "or", "values": [{"method": "and", "values": [wrong]}]}
    text = json.dumps(wrong)
    target = f"project=shop&channels[]=files&files[0][]={quote(text)}"
    assert shop.refusal(target) == (1008, UNSUPPORTED)
    client = shop.connect()
    row = {"channels": ["files"], "queries": [text]}
    assert client.complaint({"type": "subscribe", "data": [row]}) == (
        1003,
        f"Invalid query: {UNSUPPORTED}",
    )
    good = client.subscribe({"channels": ["files"]})
    shop.publish(file_event())
    assert client.event()["subscriptions"] == [good[0]["subscriptionId"]]


def test_origins_that_are_allowed(shop: Shop) -> None:
    """Pages of the project, of the server itself, and apps with a scheme of theirs."""
    for origin in (
        "http://localhost",
        "http://127.0.0.1:3000",
        "http://[::1]",
        "https://www.shop.example",
        "https://realtime.example",
        "exp://192.0.2.7",
    ):
        shop.connect("project=shop", f"Origin: {origin}")
    shop.connect("project=console", "Origin: http://appwrite.unknown")


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        ("https://shop.example", "Invalid Origin. Register your new client (shop.example)"),
        ("https://evilshop.example", "Invalid Origin. Register your new client (evilshop.example)"),
        ("tauri://x", "Invalid Origin. Register your new client (x) as a new Web (Tauri)"),
        ("gopher://localhost", "Invalid Scheme. The scheme used (gopher)"),
        ("nonsense", "Invalid Origin."),
    ],
)
def test_origins_that_are_not_allowed(shop: Shop, origin: str, text: str) -> None:
    """Nearly right is wrong."""
    code, said = shop.refusal("project=shop", f"Origin: {origin}")
    assert code == 1008
    assert said.startswith(text)


def test_in_2021_an_origin_without_a_host_passed(start_server: StartServer, tmp_path: Path) -> None:
    """Tsung sends an address without scheme as its origin."""
    config = tmp_path / "shop.toml"
    config.write_text('[[projects]]\nid = "shop"\norigins = ["localhost"]\n')
    options = ("--config", str(config), "--profile", "bench2021", "--workers", "1")
    server = start_server(*options)
    target = "/v1/realtime?project=shop&channels[]=files"
    with Client(server.port) as client:
        assert client.upgrade(target, "Origin: 10.114.0.2")["type"] == "connected"
    with Client(server.port) as client:
        message = client.upgrade(target, "Origin: http://elsewhere")
        assert message["data"]["message"].startswith("Invalid Origin.")


def test_another_user_logs_in_on_the_same_connection(shop: Shop) -> None:
    """Channels of the account follow whoever is logged in; ids stay."""
    client = Client(shop.server.port)
    with client:
        first = client.open("project=shop&channels[]=account.update", COOKIE)
        assert first["channels"] == ["account.anna.update"]
        client.say({"type": "authentication", "data": {"session": BEN}})
        answer = client.subscribe({"channels": ["account"]})
        assert answer[0]["channels"] == ["account", "account.ben"]
