"""Appwrite's own tests of what reaches whom on which channel, by their names.

Events are published as its API publishes them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from pytsung_server.directory import Directory, Membership, Project, Session, User
from pytsung_server.events import Event

from tests.server.appwrite_events import (
    execution_event,
    file_event,
    membership_event,
    row_event,
    team_event,
    user_event,
)
from tests.server.bench import bench, equal, event
from tests.server.shop import ANNA, BEN, Client, Shop, session_of

COOKIE = f"Cookie: a_session_shop={quote(ANNA)}"


def channels(*names: str) -> str:
    """A query string of the shop with these channels."""
    return "project=shop&" + "&".join(f"channels[]={name}" for name in names)


def as_anna(shop: Shop, *names: str) -> Client:
    """Anna, who listens to these channels."""
    return shop.connect(channels(*names), COOKIE)


def is_told(client: Client, of: Event) -> Any:
    """The next event is this one, told in full; gives its data."""
    data = client.event()
    assert data["channels"] == list(of.channels)
    assert data["events"] == list(of.names)
    assert data["timestamp"] == of.timestamp
    assert data["payload"] == of.payload
    return data


def test_channel_account(shop: Shop) -> None:
    """testChannelAccount: what happens to an account concerns its owner alone."""
    anna = as_anna(shop, "account")
    ben = shop.connect(channels("account"), f"Cookie: a_session_shop={quote(BEN)}")
    guest = shop.connect(channels("account", "account.anna", "files"))
    changed = user_event("anna", name="Torsten")
    shop.publish(changed)
    assert changed.channels[:2] == ("account", "account.anna")
    assert "users.anna.update" in changed.names
    assert "users.*" in changed.names
    is_told(anna, changed)
    other = user_event("ben")
    shop.publish(other)
    is_told(ben, other)
    shop.publish(file_event())
    is_told(guest, file_event())


def test_channel_files(shop: Shop) -> None:
    """testChannelFiles: a new file has six channels and ten names."""
    client = as_anna(shop, "files")
    created = file_event()
    shop.publish(created)
    data = is_told(client, created)
    assert data["channels"] == [
        "files",
        "buckets.b.files",
        "buckets.b.files.f",
        "files.create",
        "buckets.b.files.create",
        "buckets.b.files.f.create",
    ]
    assert data["events"] == [
        "buckets.b.files.f.create",
        "buckets.b.files.*.create",
        "buckets.*.files.f.create",
        "buckets.*.files.*.create",
        "buckets.b.files.f",
        "buckets.b.files.*",
        "buckets.*.files.f",
        "buckets.*.files.*",
        "buckets.b",
        "buckets.*",
    ]
    for action in ("update", "delete"):
        shop.publish(file_event(action))
        assert f"buckets.b.files.f.{action}" in is_told(client, file_event(action))["events"]


@pytest.mark.parametrize(
    ("roles", "reaches"),
    [
        (["any"], "both"),
        (["users"], "anna"),
        (["users/verified"], "anna"),
        (["users/unverified", "team:other", "role:member"], "nobody"),
        (["team:staff/owner"], "anna"),
        (["team:staff/guest", "member:m1"], "anna"),
        (["user:ben"], "nobody"),
        (["guests"], "guest"),
        (["guests", "user:anna"], "both"),
    ],
)
def test_events_reach_the_roles_that_may_read_them(
    shop: Shop, roles: list[str], reaches: str
) -> None:
    """A bucket's, a collection's and a document's read permissions are lists of roles."""
    anna, guest = as_anna(shop, "files"), shop.connect(channels("files"))
    shop.publish(file_event(roles=roles, number=1))
    shop.publish(file_event(number=2))
    for name, client in (("anna", anna), ("guest", guest)):
        first = client.event()["payload"]["number"]
        assert (first == 1) is (reaches in (name, "both"))
        if first == 1:  # the next test's clients must not come before the last event is out
            assert client.event()["payload"]["number"] == 2


def test_channel_teams(shop: Shop) -> None:
    """testChannelTeams: members hear of their team."""
    client = as_anna(shop, "teams")
    shop.publish(team_event())
    data = is_told(client, team_event())
    assert data["channels"] == ["teams", "teams.staff", "teams.create", "teams.staff.create"]


def test_channel_memberships(shop: Shop) -> None:
    """testChannelMemberships: and of who is in it."""
    client = as_anna(shop, "memberships")
    shop.publish(membership_event())
    data = is_told(client, membership_event())
    assert data["channels"][:2] == ["memberships", "memberships.m1"]
    assert "teams.staff.memberships.m1.update" in data["events"]


def test_channel_executions(shop: Shop) -> None:
    """testChannelExecutions: of a function, to those who may see what it did."""
    client = as_anna(shop, "executions")
    shop.publish(execution_event(["user:anna"]))
    data = is_told(client, execution_event(["user:anna"]))
    assert data["channels"][:5] == [
        "console",
        "projects.shop",
        "executions",
        "executions.e",
        "functions.f",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "documents",
        "databases.d.collections.t.documents",
        "databases.d.collections.t.documents.r",
        "rows",
        "databases.d.tables.t.rows",
        "tablesdb.d.tables.t.rows.r",
    ],
)
def test_channel_database(shop: Shop, name: str) -> None:
    """testChannelDatabase, testChannelsTablesDB, …MirrorEvents: a row under all its names."""
    client = as_anna(shop, name)
    shop.publish(row_event(**{"$id": "other"}))
    shop.publish(row_event("update"))
    if not name.endswith(".r"):
        assert client.event()["payload"]["$id"] == "other"
    is_told(client, row_event("update"))


def test_channel_database_bulk_operations(shop: Shop) -> None:
    """testChannelDatabaseBulkOperations, …Transaction: one event a row, in order."""
    client = as_anna(shop, "documents", "rows", "databases.d.tables.t.rows")
    for number in range(50):
        shop.publish(row_event("upsert", **{"$id": str(number)}))
    ids = [client.event()["payload"]["$id"] for _ in range(50)]
    assert ids == [str(number) for number in range(50)]


def test_channel_action_filter_reflected_in_connected_response(shop: Shop) -> None:
    """testChannelActionFilterReflectedInConnectedResponse: suffixed names come back."""
    names = ["documents.create", "files.delete", "account.update", "documents.bogus"]
    data = shop.client().open(channels(*names), COOKIE)
    assert data["channels"] == [
        "documents.create",
        "files.delete",
        "account.anna.update",
        "documents.bogus",
    ]


def test_channel_action_filter_delivers_only_matching_events(shop: Shop) -> None:
    """testChannelActionFilter…: each action under its own name, the plain one under all."""
    create, delete = as_anna(shop, "documents.create"), as_anna(shop, "documents.delete")
    by_id = as_anna(shop, "rows.x", "tablesdb.d.tables.t.rows.r.update")
    unknown = as_anna(shop, "documents.bogus", "files")
    for action in ("create", "update", "delete"):
        shop.publish(row_event(action))
    is_told(create, row_event("create"))
    is_told(delete, row_event("delete"))
    is_told(by_id, row_event("update"))
    shop.publish(file_event())
    is_told(unknown, file_event())


def test_channel_action_filter_multi_channel_single_delivery(shop: Shop) -> None:
    """testChannelActionFilterMultiChannelSingleDelivery: one event, one frame."""
    client = as_anna(shop, "rows", "rows.create", "documents", "documents.create")
    shop.publish(row_event("create"))
    shop.publish(row_event("update"))
    is_told(client, row_event("create"))
    is_told(client, row_event("update"))


def test_concurrent_realtime_traffic_coroutines(shop: Shop) -> None:
    """testConcurrentRealtimeTrafficCoroutines: five clients, six events, all get all."""
    clients = [as_anna(shop, "documents") for _ in range(5)]
    for number in range(6):
        shop.publish(row_event(number=number))
    for client in clients:
        assert [client.event()["payload"]["number"] for _ in range(6)] == list(range(6))


def test_tests_channel_with_queries() -> None:
    """testTestsChannelWithQueries: the event that the server makes itself, to those it suits."""
    target = "project=console&channels[]=tests&tests[]="
    with bench() as worker:
        passed, _ = worker.connect(target + equal("response", "WS:/v1/realtime:passed"))
        failed, _ = worker.connect(target + equal("response", "failed"))
        worker.events.tell_tests()
        worker.deliver()
        (heard,) = passed.heard()
        assert heard["events"] == ["test.event"]
        assert heard["channels"] == ["tests"]
        assert heard["payload"] == {"response": "WS:/v1/realtime:passed"}
        assert heard["timestamp"].endswith("+00:00")
        assert len(heard["timestamp"]) == len("2026-08-21T13:42:57.123+00:00")
        assert failed.heard() == []


def test_the_test_event_comes_by_itself(shop: Shop) -> None:
    """Every five seconds, without any back end: SDKs' own tests wait for it."""
    client = shop.connect("project=console&channels[]=tests")
    client.socket.settimeout(6)
    assert client.event()["payload"]["response"] == "WS:/v1/realtime:passed"


def test_project_statistics_reach_the_projects_team() -> None:
    """Consoles show them: `stats.connections`, every five seconds, over all workers."""
    staff = (Membership("staff", "m"),)
    admin = User(id="admin", sessions=(Session("", "x"),), memberships=staff)
    other = User(id="other", sessions=(Session("", "x"),))
    people = {"admin": admin, "other": other}
    directory = Directory(
        {
            "console": Project(id="console", users=people),
            "shop": Project(id="shop", team="staff"),
            "plain": Project(id="plain"),
        }
    )
    with bench(directory=directory) as worker:
        worker.events.tell_projects()  # nobody listens
        listeners = {}
        for name in people:
            cookie = f"a_session_console={session_of(name, 'x')}"
            target = "project=console&channels[]=project"
            listeners[name], _ = worker.connect(target, cookie=cookie)
        for _ in range(3):
            leaving, _ = worker.connect("project=shop&channels[]=files")
        leaving.leave()
        worker.connect("project=plain")
        worker.events.tell_projects()
        worker.deliver()
        (heard,) = listeners["admin"].heard()
        assert heard["events"] == ["stats.connections"]
        assert heard["channels"] == ["project"]
        assert heard["payload"] == {"shop": 2}
        assert listeners["other"].heard() == []


def test_wrong_projects_never_match(shop: Shop) -> None:
    """Channels of the same name are another project's business."""
    console = shop.connect("project=console&channels[]=files")
    shop.publish(file_event(number=1))
    shop.publish(event("files", payload={"number": 2}))
    assert console.event()["payload"]["number"] == 2
