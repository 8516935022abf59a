"""Events as Appwrite's API publishes them: their channels, names and roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytsung_server.events import Event
from pytsung_server.happening import happening


def made(name: str, payload: dict[str, Any], roles: Sequence[str] = ()) -> Event:
    """The event of this name in the shop; `roles` where permissions decide."""
    happened = happening(name, "shop")
    return Event(
        project="shop",
        channels=happened.channels,
        roles=tuple(roles) or (happened.role,),
        names=happened.names,
        timestamp="2026-08-21T13:42:57.123+00:00",
        payload=payload,
    )


def file_event(action: str = "create", *, roles: Sequence[str] = ("any",), **payload: Any) -> Event:
    """A file f in bucket b."""
    return made(f"buckets.b.files.f.{action}", {"$id": "f", "bucketId": "b", **payload}, roles)


def row_event(action: str = "create", *, roles: Sequence[str] = ("any",), **payload: Any) -> Event:
    """A row in table t of database d, which is a document in a collection, too."""
    row = payload.setdefault("$id", "r")
    return made(f"databases.d.tables.t.rows.{row}.{action}", payload, roles)


def user_event(user: str, action: str = "update", **payload: Any) -> Event:
    """Something about a user's own account."""
    return made(f"users.{user}.{action}", {"$id": user, **payload})


def team_event(action: str = "create", **payload: Any) -> Event:
    """A team `staff`."""
    return made(f"teams.staff.{action}", {"$id": "staff", **payload})


def membership_event(action: str = "update", **payload: Any) -> Event:
    """A membership m1 in the team `staff`."""
    return made(f"teams.staff.memberships.m1.{action}", {"$id": "m1", **payload})


def execution_event(roles: Sequence[str], **payload: Any) -> Event:
    """An execution e of function f."""
    return made("functions.f.executions.e.create", {"$id": "e", **payload}, roles)
