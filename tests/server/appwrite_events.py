"""Events as Appwrite's API publishes them: their channels, names and roles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from pytsung_server.events import Event

SUFFIXED = frozenset(
    ("documents", "rows", "files", "executions", "functions", "account", "teams", "memberships")
)
"""Channels that end in one of these, or in one thing of it, exist for each action, too."""


def names_of(path: str, action: str) -> tuple[str, ...]:
    """All names of an event: each id as it is and as `*`, most specific first."""
    segments = path.split(".")
    names: list[str] = []
    for size in range(len(segments), 0, -2):
        ends = [f".{action}", ""] if size == len(segments) else [""]
        for end in ends:
            ids = [(one, "*") for one in segments[1:size:2]]
            for chosen in product(*ids):
                pairs = zip(segments[0:size:2], chosen, strict=True)
                names.append(".".join(part for pair in pairs for part in pair) + end)
    return tuple(names)


def with_actions(channels: Sequence[str], action: str) -> tuple[str, ...]:
    """The channels, and what each is called for one action."""
    suffixed = [
        f"{channel}.{action}"
        for channel in channels
        if not SUFFIXED.isdisjoint(channel.split(".")[-2:])
    ]
    return (*channels, *suffixed)


def made(
    path: str,
    action: str,
    channels: Sequence[str],
    roles: Sequence[str],
    payload: Any,
    project: str,
) -> Event:
    return Event(
        project=project,
        channels=with_actions(channels, action),
        roles=tuple(roles),
        names=names_of(path, action),
        timestamp="2026-08-21T13:42:57.123+00:00",
        payload=payload,
    )


def file_event(action: str = "create", *, roles: Sequence[str] = ("any",), **payload: Any) -> Event:
    """A file f in bucket b."""
    channels = ["files", "buckets.b.files", "buckets.b.files.f"]
    content = {"$id": "f", "bucketId": "b", **payload}
    return made("buckets.b.files.f", action, channels, roles, content, "shop")


def row_event(action: str = "create", *, roles: Sequence[str] = ("any",), **payload: Any) -> Event:
    """A row in table t of database d, which is a document in a collection, too."""
    row = payload.setdefault("$id", "r")
    channels = [
        "documents",
        "databases.d.collections.t.documents",
        f"databases.d.collections.t.documents.{row}",
        "rows",
        "databases.d.tables.t.rows",
        f"databases.d.tables.t.rows.{row}",
        f"tablesdb.d.tables.t.rows.{row}",
    ]
    path = f"databases.d.tables.t.rows.{row}"
    return made(path, action, channels, roles, payload, "shop")


def user_event(user: str, action: str = "update", **payload: Any) -> Event:
    """Something about a user's own account."""
    channels = ["account", f"account.{user}"]
    content = {"$id": user, **payload}
    return made(f"users.{user}", action, channels, [f"user:{user}"], content, "shop")


def team_event(action: str = "create", **payload: Any) -> Event:
    """A team `staff`."""
    channels = ["teams", "teams.staff"]
    content = {"$id": "staff", **payload}
    return made("teams.staff", action, channels, ["team:staff"], content, "shop")


def membership_event(action: str = "update", **payload: Any) -> Event:
    """A membership m1 in the team `staff`."""
    channels = ["memberships", "memberships.m1"]
    content = {"$id": "m1", **payload}
    return made("teams.staff.memberships.m1", action, channels, ["team:staff"], content, "shop")


def execution_event(roles: Sequence[str], **payload: Any) -> Event:
    """An execution e of function f."""
    channels = ["console", "projects.shop", "executions", "executions.e", "functions.f"]
    content = {"$id": "e", **payload}
    return made("functions.f.executions.e", "create", channels, roles, content, "shop")
