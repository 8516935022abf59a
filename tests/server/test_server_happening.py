"""Appwrite's unit tests of what its publishers say of an event (fromPayload), by their names."""

from __future__ import annotations

import pytest
from pytsung_server.cli import main
from pytsung_server.happening import happening

from tests.server.shop import Shop


def test_from_payload_bucket_level_permissions() -> None:
    """testFromPayload…Bucket: a file has three channels, and each again for the action."""
    made = happening("buckets.b.files.f.create", "shop")
    assert made.channels == (
        "files",
        "buckets.b.files",
        "buckets.b.files.f",
        "files.create",
        "buckets.b.files.create",
        "buckets.b.files.f.create",
    )
    assert made.role == ""
    assert len(made.names) == 10
    assert made.names[0] == "buckets.b.files.f.create"
    assert made.names[-2:] == ("buckets.b", "buckets.*")


@pytest.mark.parametrize(
    "name",
    [
        "databases.d.collections.t.documents.r.update",
        "databases.d.tables.t.rows.r.update",
        "tablesdb.d.tables.t.rows.r.update",
    ],
)
def test_from_payload_mirrors_documents_and_rows(name: str) -> None:
    """testFromPayload…: whatever it is called, it is published under all names."""
    channels = happening(name, "shop").channels
    assert channels[:7] == (
        "documents",
        "databases.d.collections.t.documents",
        "databases.d.collections.t.documents.r",
        "rows",
        "databases.d.tables.t.rows",
        "databases.d.tables.t.rows.r",
        "tablesdb.d.tables.t.rows.r",
    )
    assert channels[7:] == tuple(f"{channel}.update" for channel in channels[:7])


def test_from_payload_events_that_end_in_an_attribute() -> None:
    """testFromPayload…Attribute: `users.U.update.name` is an update of the account."""
    made = happening("users.anna.update.name", "shop")
    assert made.names == (
        "users.anna.update.name",
        "users.*.update.name",
        "users.anna.update",
        "users.*.update",
        "users.anna",
        "users.*",
    )
    assert made.channels == ("account", "account.anna", "account.update", "account.anna.update")
    assert made.role == "user:anna"


@pytest.mark.parametrize("kind", ["sessions", "recovery", "verification"])
def test_from_payload_nested_user_events(kind: str) -> None:
    """testFromPayload…Nested: a new session is not a new account."""
    made = happening(f"users.anna.{kind}.s.create", "shop")
    assert made.channels == ("account", "account.anna")
    assert made.role == "user:anna"
    assert len(made.names) == 10


def test_from_payload_no_suffix_for_admin_channels() -> None:
    """testFromPayload…Console: nobody asks a console for its creations."""
    made = happening("functions.f.executions.e.create", "shop")
    assert made.channels == (
        "console",
        "projects.shop",
        "executions",
        "executions.e",
        "functions.f",
        "executions.create",
        "executions.e.create",
        "functions.f.create",
    )


def test_from_payload_teams_and_memberships() -> None:
    """testFromPayload…Team: for the members."""
    team = happening("teams.t.delete", "shop")
    assert team.channels == ("teams", "teams.t", "teams.delete", "teams.t.delete")
    membership = happening("teams.t.memberships.m.update.status", "shop")
    assert membership.channels[:2] == ("memberships", "memberships.m")
    assert "teams.*.memberships.*.update" in membership.names
    assert (team.role, membership.role) == ("team:t", "team:t")


def test_an_event_without_an_action_has_no_suffixes() -> None:
    """Nothing was done, so no action's channel is concerned."""
    assert happening("teams.t", "shop").channels == ("teams", "teams.t")


@pytest.mark.parametrize(
    "name", ["", "files", "buckets.b", "buckets..files.f.create", "users.u.explode", "a.b.c.d"]
)
def test_what_is_no_event_is_refused_with_those_that_are(name: str) -> None:
    """Somebody types it by hand."""
    with pytest.raises(ValueError, match=r"give one of buckets\.B\.files\.F, .* create"):
        happening(name, "shop")


def test_the_publisher_refuses_what_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2, before it connects anywhere."""
    assert main(["publish", "--admin", "http://127.0.0.1:1", "--event", "files"]) == 2
    assert "--event: 'files' is no event that is known here" in capsys.readouterr().err


def test_the_publisher_publishes_as_appwrite_does(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rehearsal with an application's own channels, without the application."""
    client = shop.connect("project=shop&channels[]=buckets.b.files.f.create")
    admin = f"http://{shop.admin.host}:{shop.admin.port}"
    options = ["--admin", admin, "--project", "shop", "--count", "2", "--rate", "100/s"]
    assert main(["publish", *options, "--event", "buckets.b.files.f.create"]) == 0
    assert "published 2 events" in capsys.readouterr().out
    made = happening("buckets.b.files.f.create", "shop")
    for _ in range(2):
        event = client.event()
        assert event["events"] == list(made.names)
        assert event["channels"] == list(made.channels)
