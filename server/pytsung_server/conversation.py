"""What the server answers to a client's messages, and what they change.

    {"type":"ping"}  {"type":"authentication","data":{"session":…}}
    {"type":"subscribe","data":[…]}  {"type":"unsubscribe","data":[…]}

Must not know frames or sockets.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import time
from typing import Any

from pytsung_server import messages
from pytsung_server.abuse import MAX_MESSAGES, Window
from pytsung_server.accounts import account_of
from pytsung_server.channels import convert_2021, rebind
from pytsung_server.directory import Directory
from pytsung_server.identity import user_by_session
from pytsung_server.ids import Minter
from pytsung_server.index import Group, Index, Member
from pytsung_server.messages import ErrorCode
from pytsung_server.roles import standing_of
from pytsung_server.settings import Profile
from pytsung_server.subscribe_messages import RequestError, read_subscribe, read_unsubscribe
from pytsung_server.subscribing import subscribe, unsubscribe
from pytsung_server.subscriptions import Standing, Subscription, Subscriptions


class Conversation:
    """Answers the messages of all clients of a worker; `directory` may be replaced."""

    def __init__(
        self,
        profile: Profile,
        directory: Directory,
        index: Index,
        minter: Minter,
        *,
        limit_messages: bool,
        mask_errors: bool,
    ) -> None:
        self.directory = directory
        self._profile = profile
        self._index = index
        self._minter = minter
        self._window = Window(MAX_MESSAGES) if limit_messages else None
        self._mask_errors = mask_errors
        self._handlers: dict[str, Callable[[Member, dict[str, Any]], bytes]] = {
            "authentication": self._authenticate
        }
        if profile is Profile.CURRENT:
            self._handlers |= {
                "ping": lambda *_: messages.PONG,
                "subscribe": self._subscribe,
                "unsubscribe": self._unsubscribe,
            }

    def answer(self, member: Member, message: str | bytes) -> bytes:
        """Do what a client's message asks for; gives the JSON that answers it."""
        try:
            if self._window is not None and not self._window.allows(member, time()):
                text = "Too many messages."
                if self._profile is Profile.BENCH2021:
                    text = text.rstrip(".")
                raise RequestError(ErrorCode.TOO_MANY, text)
            content = _read(message)
            handler = self._handlers.get(_type_of(content))
            if handler is None:
                raise RequestError(ErrorCode.INVALID, "Message type is not valid.")
            return handler(member, content)
        except RequestError as refusal:
            text = refusal.text
            if self._mask_errors:
                text = messages.masked(refusal.code, text)
            return messages.error(refusal.code, text)

    def look_up_again(self, project: str, user: str) -> None:
        """A user's roles have changed: its clients keep their subscriptions under new ones."""
        found = self.directory.user(project, user)
        standing = standing_of(self._profile, project, found)
        for group in self._index.groups_of(project, user):
            if standing != group.standing:
                for member in list(group.members):
                    self._index.move(member, standing, group.subscriptions)

    def _authenticate(self, member: Member, content: dict[str, Any]) -> bytes:
        group = _group(member)
        data = content.get("data")
        if not isinstance(data, dict) or "session" not in data:
            today = self._profile is Profile.CURRENT
            text = "Payload is not valid." + " Session is required" * today
            raise RequestError(ErrorCode.INVALID, text)
        project = self.directory.projects.get(group.standing.project)
        user = None if project is None else user_by_session(project, data["session"])
        if user is None:
            raise RequestError(ErrorCode.INVALID, "Session is not valid.")
        standing = standing_of(self._profile, group.standing.project, user)
        self._index.move(member, standing, self._rebound(group, standing))
        return messages.response("authentication", user=account_of(self._profile, user))

    def _rebound(self, group: Group, standing: Standing) -> Subscriptions:
        """A group's subscriptions for somebody who is now of that standing."""
        if self._profile is Profile.BENCH2021:
            return tuple(_converted_2021(one, standing.user) for one in group.subscriptions)
        return tuple(
            Subscription(
                tuple(
                    (rebind(channel, group.standing.user, standing.user), wanted)
                    for channel, wanted in one.parts
                )
            )
            for one in group.subscriptions
        )

    def _subscribe(self, member: Member, content: dict[str, Any]) -> bytes:
        rows = read_subscribe(content, _group(member).standing.user)
        done = subscribe(self._index, self._minter, member, rows)
        return messages.response("subscribe", subscriptions=done)

    def _unsubscribe(self, member: Member, content: dict[str, Any]) -> bytes:
        ids = read_unsubscribe(content)
        done = unsubscribe(self._index, self._minter, member, ids)
        return messages.response("unsubscribe", subscriptions=done)


def _group(member: Member) -> Group:
    assert member.group is not None, "who is in no group was not admitted, and is not listened to"
    return member.group


def _converted_2021(subscription: Subscription, user: str) -> Subscription:
    """0.10 converts the channels once more, which drops the account of who it was before."""
    (_, wanted), *_ = subscription.parts
    return Subscription.to(convert_2021(subscription.channels, user), wanted)


def _read(message: str | bytes) -> dict[str, Any]:
    """The object in a message; raises RequestError."""
    try:
        content = json.loads(message, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RequestError(ErrorCode.INVALID, "Message format is not valid.") from error
    if isinstance(content, dict) and ("type" in content or "data" in content):
        return content
    if content is None or isinstance(content, dict | list):
        raise RequestError(ErrorCode.INVALID, "Message format is not valid.")
    # A scalar is a type fault in the original, which the client meets as this.
    raise RequestError(ErrorCode.UNEXPECTED, messages.SERVER_ERROR)


def _type_of(content: dict[str, Any]) -> str:
    kind = content.get("type")
    return kind if isinstance(kind, str) else ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
