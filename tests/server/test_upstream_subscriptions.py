"""Appwrite's own tests of `subscribe`, `unsubscribe` and queries, by their names.

Whoever must not hear something is shown not to by what it hears next.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.appwrite_events import file_event, row_event, team_event, user_event
from tests.server.bench import equal
from tests.server.shop import ANNA, BEN, Client, Shop

COOKIE = f"Cookie: a_session_shop={quote(ANNA)}"
ALL = '{"method":"select","values":["*"]}'


def row(*channels: str, queries: list[str] | None = None, name: str = "") -> dict[str, Any]:
    """One item of a `subscribe` message."""
    item: dict[str, Any] = {"channels": channels}
    if queries is not None:
        item["queries"] = queries
    return {"subscriptionId": name, **item} if name else item


def one(client: Client, *channels: str, queries: list[str] | None = None, name: str = "") -> str:
    """Subscribe once; gives the subscription's id."""
    (answer,) = client.subscribe(row(*channels, queries=queries, name=name))
    found: str = answer["subscriptionId"]
    return found


def ids_of(client: Client) -> set[str]:
    """The subscriptions that the next event is for."""
    return set(client.event()["subscriptions"])


def query(method: str, *values: Any, attribute: str = "") -> str:
    """A query in JSON."""
    return json.dumps({"method": method, "attribute": attribute, "values": values})


def nested(method: str, *queries: str) -> str:
    """`and` or `or` of queries."""
    return json.dumps({"method": method, "values": [json.loads(one) for one in queries]})


def test_subscribe_message_upsert_create_and_edge_cases(shop: Shop) -> None:
    """testSubscribeMessageUpsertCreateAndEdgeCases: ids kept, minted, named, repeated."""
    client = shop.connect("project=shop", COOKIE)
    first = one(client, "documents", queries=[ALL])
    assert len(first) == 20
    for status in ("q1", "q2"):
        queries = [equal("status", status)]
        (answer,) = client.subscribe(row("documents", queries=queries, name=first))
        assert answer == {
            "subscriptionId": first,
            "channels": ["documents"],
            "queries": queries,
        }
    minted = one(client, "documents", queries=[equal("status", "omitted")])
    assert minted not in ("", first)
    named = secrets.token_hex(10)
    assert one(client, "documents", queries=[equal("status", "named")], name=named) == named
    twice = client.subscribe(
        row("documents", queries=[equal("status", "a")], name=first),
        row("documents", queries=[equal("status", "b")], name=first),
    )
    assert [answer["subscriptionId"] for answer in twice] == [first, first]
    assert twice[1]["queries"] == [equal("status", "b")]
    mixed = client.subscribe(
        row("documents", queries=[equal("status", "c")], name=first),
        row("documents", queries=[equal("status", "d")]),
    )
    assert mixed[0]["subscriptionId"] == first
    assert mixed[1]["subscriptionId"] not in (first, minted, named)
    again = [client.subscribe(row("documents", queries=[ALL], name=first)) for _ in range(2)]
    assert again[0] == again[1]
    assert one(client, "documents", queries=[], name=first) == first
    shop.publish(row_event(status="named"))
    assert ids_of(client) == {first, named}


def test_update_subscription_and_edge_cases(shop: Shop) -> None:
    """testUpdateSubscriptionAndEdgeCases: the filter that counts is the last one given."""
    client = shop.connect("project=shop", COOKIE)
    mine, never = [equal("$id", "anna")], [equal("$id", "nobody")]
    a = one(client, "account", queries=mine)
    b = one(client, "account", queries=never)
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a}
    client.subscribe(
        row("account", queries=never, name=a),
        row("account", queries=mine, name=b),
    )
    shop.publish(user_event("anna"))
    assert ids_of(client) == {b}
    one(client, "account", queries=mine, name=a)  # b is left alone
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a, b}
    one(client, "account", queries=[], name=a)
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a, b}
    ghost = secrets.token_hex(10)
    assert one(client, "account", queries=mine, name=ghost) == ghost
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a, b, ghost}
    assert client.unsubscribe(a) == [True]
    shop.publish(user_event("anna"))
    assert ids_of(client) == {b, ghost}
    assert one(client, "account", queries=mine, name=a) == a
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a, b, ghost}


def test_unsubscribe_removes_only_matching_subscription(shop: Shop) -> None:
    """testUnsubscribeRemovesOnlyMatchingSubscription: idempotent, atomic, in order."""
    client = shop.connect("project=shop", COOKIE)
    a = one(client, "account", queries=[equal("$id", "anna")])
    b = one(client, "account", queries=[ALL])
    shop.publish(user_event("anna"))
    assert ids_of(client) == {a, b}
    assert client.unsubscribe(a) == [True]
    shop.publish(user_event("anna"))
    assert ids_of(client) == {b}
    assert client.unsubscribe(a) == [False]
    assert client.say({"type": "ping"}) == {"type": "pong"}
    wrong = "items: Each unsubscribe payload must include a non-empty subscriptionId."
    for bad in ({"subscriptionId": 123}, {"subscriptionId": ""}, {"channels": ["a"]}, "x"):
        rows = [{"subscriptionId": b}, bad]
        assert client.complaint({"type": "unsubscribe", "data": rows}) == (1003, wrong)
    data = {"subscriptionId": b}
    assert client.complaint({"type": "unsubscribe", "data": data}) == (
        1003,
        "items: Payload is not valid.",
    )
    shop.publish(user_event("anna"))
    assert ids_of(client) == {b}  # nothing of the refused messages was done
    c = one(client, "files")
    assert client.unsubscribe(c, "ghost", b, c) == [True, False, True, False]
    d = one(client, "files")  # roles outlive the last subscription
    shop.publish(user_event("anna"))
    shop.publish(file_event(roles=["user:anna"]))
    assert ids_of(client) == {d}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "Payload is not valid. Items is required"),
        ({"channels": ["a"]}, "items: Payload is not valid."),
        ("a", "items: Payload is not valid."),
        (["a"], "items: Each subscribe payload must be an object."),
        ([{"subscriptionId": "_a", "channels": ["a"]}], "items: subscriptionId is not a valid id."),
        ([{"subscriptionId": None, "channels": ["a"]}], "items: subscriptionId is not a valid id."),
        (
            [{"subscriptionId": "a" * 37, "channels": []}],
            "items: subscriptionId is not a valid id.",
        ),
        ([{"queries": []}], "items: channels is not present in payload."),
        ([{"channels": "a"}], "items: channels is not a valid array."),
        ([{"channels": ["a", 5]}], "items: channels must contain only strings."),
        ([{"channels": ["a"], "queries": "x"}], "items: queries is not a valid array."),
        ([{"channels": ["a"], "queries": None}], "items: queries is not a valid array."),
        ([{"channels": ["a"], "queries": ["{"]}], "Invalid query: Invalid query: Syntax error"),
        ([{"channels": ["a"], "queries": [5]}], "Invalid query: Syntax error"),
        (
            [{"channels": [f"c{number}"]} for number in range(1001)],
            "items: more than 1000 channels on one connection",
        ),
        (
            [{"channels": [f"c{number}" for number in range(1001)]}],
            "items: more than 1000 channels on one connection",
        ),
    ],
)
def test_subscribing_wrongly_changes_nothing(shop: Shop, data: Any, text: str) -> None:
    """The whole batch is read before anything is done, and the connection stays."""
    client = shop.connect()
    kept = one(client, "files", name="kept")
    rows = data
    if isinstance(data, list):
        rows = [row("files", queries=[equal("a", 1)], name=kept), *data]
    assert client.complaint({"type": "subscribe", "data": rows}) == (1003, text)
    shop.publish(file_event())
    assert ids_of(client) == {kept}


def test_queries_do_not_pile_up_on_a_connection(shop: Shop) -> None:
    """Each message may be long, and there is no end of messages."""
    client = shop.connect()
    for number in range(2):
        one(client, "files", queries=[equal(f"a{number}", "x" * 30_000)])
    third = row("files", queries=[equal("b", "x" * 30_000)])
    assert client.complaint({"type": "subscribe", "data": [third]}) == (
        1003,
        "items: more than 64000 characters of queries on one connection",
    )


def test_channels_do_not_pile_up_under_one_id(shop: Shop) -> None:
    """A known id keeps its channels, and gets those that are new."""
    client = shop.connect()
    one(client, *(f"c{number}" for number in range(999)), name="a")
    one(client, "c0", "d", name="a")
    rows = [row("e", name="a")]
    assert client.complaint({"type": "subscribe", "data": rows}) == (
        1003,
        "items: more than 1000 channels on one connection",
    )


def test_an_id_on_other_channels_adds_them(shop: Shop) -> None:
    """A quirk that SDKs meet: the old channels stay, with their old filter."""
    client = shop.connect()
    one(client, "files", queries=[equal("size", 1)], name="a")
    one(client, "rows", name="a")
    shop.publish(file_event(size=2))
    shop.publish(file_event(size=1))
    assert client.event()["payload"]["size"] == 1
    shop.publish(row_event())
    assert ids_of(client) == {"a"}


def heard(shop: Shop, client: Client, statuses: list[str]) -> list[str]:
    """Publish rows with these statuses, then one that all must hear; gives what was heard."""
    for status in [*statuses, "end"]:
        shop.publish(row_event(status=status, number=len(status)))
    found: list[str] = []
    while (status := client.event()["payload"]["status"]) != "end":
        found.append(status)
    return found


STATUSES = ["open", "new", "closed"]


@pytest.mark.parametrize(
    ("queries", "wanted"),
    [
        ([equal("status", "open")], ["open"]),
        ([equal("status", "open", "new")], ["open", "new"]),
        ([query("notEqual", "open", "new", attribute="status")], ["closed"]),
        ([query("lessThan", 4, attribute="number")], ["new"]),
        ([query("lessThanEqual", 4, attribute="number")], ["open", "new"]),
        ([query("greaterThan", 4, attribute="number")], ["closed"]),
        ([query("greaterThanEqual", 4, attribute="number")], ["open", "closed"]),
        ([query("isNull", attribute="status")], []),
        ([query("isNull", attribute="missing")], []),
        ([query("isNotNull", attribute="status")], STATUSES),
        ([query("isNotNull", attribute="missing")], []),
        ([equal("number", 4.0)], []),
        ([equal("number", "4")], []),
        ([query("lessThan", "z", attribute="number")], []),
        ([nested("or", equal("status", "new"), equal("number", 6))], ["new", "closed"]),
        ([nested("and", equal("status", "new"), equal("number", 6))], []),
        ([nested("and", equal("status", "new"), equal("number", 3))], ["new"]),
        ([ALL], STATUSES),
        ([equal("status", "nobody"), ALL], STATUSES),
    ],
)
def test_query_message_filters_events(shop: Shop, queries: list[str], wanted: list[str]) -> None:
    """testQueryMessageFiltersEvents: what each query lets through."""
    client = shop.connect()
    client.subscribe(row("rows", queries=queries), row("rows", queries=[equal("status", "end")]))
    assert heard(shop, client, STATUSES) == wanted


def test_multiple_queries_with_and_logic(shop: Shop) -> None:
    """testMultipleQueriesWithAndLogic: side by side, all must match."""
    client = shop.connect()
    both = [equal("status", "open", "new"), query("greaterThan", 3, attribute="number")]
    client.subscribe(row("rows", queries=both), row("rows", queries=[equal("status", "end")]))
    assert heard(shop, client, STATUSES) == ["open"]


def test_account_channel_with_query(shop: Shop) -> None:
    """testAccountChannelWithQuery: by URL, on the account of whoever is logged in."""
    wanted = quote(equal("name", "Anna"))
    client = shop.client()
    data = client.open(f"project=shop&channels[]=account&account[0][]={wanted}", COOKIE)
    shop.publish(user_event("anna", name="Else"))
    shop.publish(user_event("anna", name="Anna"))
    event = client.event()
    assert event["payload"]["name"] == "Anna"
    assert event["subscriptions"] == data["subscriptions"]


def test_files_channel_with_query(shop: Shop) -> None:
    """testFilesChannelWithQuery: one connection, filtered by the file's attributes."""
    client = shop.client()
    client.open(f"project=shop&channels[]=files&files[]={quote(equal('$id', 'f'))}")
    other = shop.client()
    other.open(f"project=shop&channels[]=files&files[]={quote(equal('$id', 'g'))}")
    shop.publish(file_event())
    assert client.event()["payload"]["$id"] == "f"
    shop.publish(file_event(**{"$id": "g"}))
    assert other.event()["payload"]["$id"] == "g"


def test_database_channel_with_query(shop: Shop) -> None:
    """testDatabaseChannelWithQuery: dots in a channel are underscores in its parameter."""
    channel = "databases.d.collections.t.documents"
    parameter = channel.replace(".", "_")
    client = shop.client()
    wanted = quote(equal("status", "end"))
    client.open(f"project=shop&channels[]={channel}&{parameter}[0][]={wanted}")
    assert heard(shop, client, STATUSES) == []


def test_collection_scoped_documents_channel_receives_events(shop: Shop) -> None:
    """testCollectionScopedDocumentsChannelReceivesEvents: with the dots left in, as SDK 24."""
    channel = "databases.d.tables.t.rows"
    client = shop.client()
    data = client.open(f"project=shop&channels[]={channel}&{channel}[1][]={quote(ALL)}")
    (name,) = data["subscriptions"].values()  # slots from 1 on make an object
    assert list(data["subscriptions"]) == ["1"]
    shop.publish(row_event())
    assert ids_of(client) == {name}


def test_query_keys(shop: Shop) -> None:
    """testQueryKeys: channels in one slot are one subscription, with the first one's queries."""
    client = shop.client()
    wanted = quote(equal("$id", "f", "r"))
    data = client.open(
        f"project=shop&channels[]=files&channels[]=rows&files[0][]={wanted}&rows[0][]={wanted}"
    )
    assert len(data["subscriptions"]) == 1
    for event in (file_event(), row_event()):
        shop.publish(event)
        assert ids_of(client) == set(data["subscriptions"])


def test_multiple_subscriptions_different_query_keys(shop: Shop) -> None:
    """testMultipleSubscriptionsDifferentQueryKeys: an event names each that it matched."""
    client = shop.client()
    slots = [equal("status", "open"), equal("status", "new"), ALL]
    words = "&".join(f"rows[{n}][]={quote(text)}" for n, text in enumerate(slots))
    data = client.open(f"project=shop&channels[]=rows&{words}")
    first, second, every = data["subscriptions"]
    for status, ids in (("open", {first, every}), ("new", {second, every}), ("old", {every})):
        shop.publish(row_event(status=status))
        assert ids_of(client) == ids


def test_subscription_preserved_after_permission_change(shop: Shop) -> None:
    """testSubscriptionPreservedAfterPermissionChange: new roles, the same ids.

    Ben is taken into the team while he is connected; the event that says so already
    reaches him.
    """
    client = shop.connect()
    client.say({"type": "authentication", "data": {"session": BEN}})
    mine = one(client, "teams", name="mine")
    shop.publish(team_event())  # not for him
    shop.publish(user_event("ben"))
    changed: dict[str, Any] = {"permissions_changed": True, "user_id": "ben"}
    as_it_was = shop.config.read_text()
    member = '{ user = "anna", id'
    try:
        shop.config.write_text(as_it_was.replace(member, '{ user = "ben" }, ' + member))
        shop.publish(replace(team_event(number=1), **changed))
        event = client.event()
        assert event["payload"]["number"] == 1
        assert event["subscriptions"] == [mine]
        shop.publish(team_event(number=2))
        assert client.event()["payload"]["number"] == 2
        shop.config.write_text("no TOML")  # a slip of the pen costs nobody anything
        shop.publish(replace(team_event(number=3), **changed))
        assert client.event()["payload"]["number"] == 3
        assert "stay as they were" in shop.server.errors
    finally:
        shop.config.write_text(as_it_was)
        shop.publish(replace(team_event(), **changed))
