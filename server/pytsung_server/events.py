"""What is published: Appwrite's own message between its processes, read and written.

    {"project":P,"roles":[…],"permissionsChanged":false,"userId":null,
     "data":{"events":[…],"channels":[…],"timestamp":"…","payload":{…}}}

Appwrite 0.10 had one string `event` in the place of the list `events`, and whole
seconds for the time; both are read. Must not know Redis, buses, or who listens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pytsung.errors import RemoteProtocolError

MAX_EVENT_BYTES = 2**20
"""Longest message that is taken; five times the longest document that Appwrite stores
by default, and as many bytes as a subscriber's frame may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a project, for whoever may read it and listens.

    `channels` and `roles` say who: those who subscribe to one of the channels under
    one of the roles. `names` are the event's names, most specific first. `timestamp`
    is when it was published, as the publisher wrote it: ISO 8601, or seconds since
    1970 from Appwrite 0.10. With `permissions_changed`, the roles of the user
    `user_id` have changed and are looked up again before anybody is told.
    """

    project: str
    channels: tuple[str, ...]
    roles: tuple[str, ...]
    names: tuple[str, ...]
    timestamp: str | int
    payload: Any
    permissions_changed: bool = False
    user_id: str | None = None

    @classmethod
    def from_message(cls, message: bytes) -> Event:
        """Read a message as it is published.

        Raises:
            RemoteProtocolError: it is not such a message; the text says what is wrong.
        """
        if len(message) > MAX_EVENT_BYTES:
            raise _malformed(f"{len(message)} bytes, and {MAX_EVENT_BYTES} are the limit")
        try:
            whole = json.loads(message, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise _malformed(f"no JSON: {error}") from error
        if not isinstance(whole, dict):
            raise _malformed("no JSON object")
        data = whole.get("data")
        if not isinstance(data, dict):
            raise _malformed("no object `data`")
        user = whole.get("userId")
        return cls(
            project=_project(whole),
            channels=_names(data, "channels"),
            roles=_names(whole, "roles"),
            names=_event_names(data),
            timestamp=_timestamp(data),
            payload=data.get("payload", {}),
            permissions_changed=bool(whole.get("permissionsChanged")),
            user_id=str(user) if user else None,
        )

    def to_message(self) -> bytes:
        """The message to publish: what `from_message` reads."""
        data = {
            "events": self.names,
            "channels": self.channels,
            "timestamp": self.timestamp,
            "payload": self.payload,
        }
        whole = {
            "project": self.project,
            "roles": self.roles,
            "permissionsChanged": self.permissions_changed,
            "userId": self.user_id,
            "data": data,
        }
        return json.dumps(whole, separators=(",", ":")).encode()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _project(whole: dict[str, Any]) -> str:
    project = whole.get("project")
    if not isinstance(project, str) or not project:
        raise _malformed("no string `project`")
    return project


def _names(holder: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of strings, each once; Appwrite publishes nothing when it is empty."""
    names = holder.get(key)
    if not isinstance(names, list) or not names:
        raise _malformed(f"`{key}` is no list, or an empty one")
    if not all(isinstance(name, str) for name in names):
        raise _malformed(f"`{key}` holds something else than strings")
    return tuple(dict.fromkeys(names))


def _event_names(data: dict[str, Any]) -> tuple[str, ...]:
    if isinstance(single := data.get("event"), str):
        return (single,)
    return _names(data, "events")


def _timestamp(data: dict[str, Any]) -> str | int:
    timestamp = data.get("timestamp")
    if isinstance(timestamp, bool) or not isinstance(timestamp, str | int):
        raise _malformed("`timestamp` is neither text nor whole seconds")
    return timestamp


def _malformed(what: str) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"not an event: {what}; a message is"
        ' {"project":…,"roles":[…],"data":{"events":[…],"channels":[…],"timestamp":…,"payload":…}}'
    )
