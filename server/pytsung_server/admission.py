"""Whether a client may stay once it is upgraded, and what it is told first.

Appwrite upgrades everybody and reports what is wrong in the first frame
afterwards. There is no back end: the one project is `console`, everyone is a guest.
Must not know HTTP heads, frames or connections.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung_server import messages
from pytsung_server.messages import ErrorCode
from pytsung_server.query import Parameters, parse_query, scalars
from pytsung_server.settings import Profile

PROJECTS = frozenset({"console"})

GUEST_ACCOUNT_CHANNELS = frozenset(
    {"account", "account.create", "account.update", "account.upsert", "account.delete"}
)
"""All that a guest keeps of `account` and `account.…`; the rest is dropped without a word."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The client stays.

    `message` is its `connected` message; where it carries the id of the client's
    subscription, it is split in two around it.
    """

    project: str
    channels: tuple[str, ...]
    message: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The client gets an `error` message, then it is closed with `close_code`."""

    message: bytes
    close_code: int


def admit(profile: Profile, target: str, project_header: str) -> Admitted | Refused:
    """Decide on a client by its request target and its `X-Appwrite-Project` header."""
    parameters = parse_query(target.partition("?")[2])
    project = _project(profile, parameters, project_header)
    if project not in PROJECTS:
        return _refused(ErrorCode.POLICY, "Missing or unknown project ID")
    requested = parameters.get("channels", {})
    if isinstance(requested, str):
        # A type fault in the original, which the client meets as this.
        return _refused(ErrorCode.UNEXPECTED, messages.SERVER_ERROR)
    channels = tuple(name for name in scalars(requested) if _is_open_to_guests(name))
    if profile is Profile.BENCH2021:
        if not channels:
            return _refused(ErrorCode.POLICY, "Missing channels")
        return Admitted(project, channels, _connected_2021(channels))
    return Admitted(project, channels, _connected(channels))


def _project(profile: Profile, parameters: Parameters, header: str) -> str:
    in_query = parameters.get("project", "")
    if not isinstance(in_query, str):
        in_query = ""
    return header or in_query if profile is Profile.CURRENT else in_query or header


def _is_open_to_guests(channel: str) -> bool:
    return not channel.startswith("account.") or channel in GUEST_ACCOUNT_CHANNELS


def _connected_2021(channels: tuple[str, ...]) -> tuple[bytes, ...]:
    data = {"channels": channels, "user": None}
    return (messages.encode({"type": "connected", "data": data}),)


def _connected(channels: tuple[str, ...]) -> tuple[bytes, ...]:
    before = messages.encode({"channels": channels})[:-1]
    opening = b'{"type":"connected","data":' + before + b',"subscriptions":['
    closing = b'],"user":null}}'
    return (opening + b'"', b'"' + closing) if channels else (opening + closing,)


def _refused(code: ErrorCode, text: str) -> Refused:
    close_code = 1011 if code is ErrorCode.UNEXPECTED else int(code)
    return Refused(messages.error(code, text), close_code)
