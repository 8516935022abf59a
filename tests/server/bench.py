"""One worker without a process: its parts as the server has them, and clients without sockets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytsung_server.admission import Admitted, Refused, Request
from pytsung_server.counts import Counts, Table
from pytsung_server.directory import DEFAULT, Directory, Membership, Project, Session, User
from pytsung_server.events import Event
from pytsung_server.index import Group, Ids
from pytsung_server.settings import Profile, Settings
from pytsung_server.shared import Shared
from pytsung_server.worker_events import WorkerEvents

from pytsung.protocols.websocket.codec import Rules, WebSocketCodec
from pytsung.protocols.websocket.events import Role, TextMessage
from pytsung.reactor.reactor import Reactor

PEOPLE = Directory(
    {
        "console": Project(id="console"),
        "shop": Project(
            id="shop",
            origins=("localhost", "*.shop.example"),
            jwt_key="key",
            users={
                "anna": User(
                    id="anna",
                    name="Anna",
                    email="anna@shop.example",
                    email_verified=True,
                    labels=("vip",),
                    sessions=(Session("laptop", "s3cret"),),
                    memberships=(Membership("staff", "m1", ("owner",)),),
                ),
                "ben": User(id="ben", sessions=(Session("phone", "geheim"),)),
            },
        ),
    }
)
"""A project with two users, and the console."""


class Peer:
    """A client as index, conversation and fan-out see it; `got` is what was pushed."""

    def __init__(self, worker: Bench, group: Group, ids: Ids) -> None:
        self.group: Group | None = None
        self.ids: Ids = 0
        self.got: list[bytes] = []
        self._worker = worker
        worker.shared.index.join(self, group, ids)

    def push(self, data: bytes) -> None:
        self.got.append(data)

    def say(self, **content: Any) -> Any:
        """Send a message; gives the answer."""
        message = json.dumps(content)
        return json.loads(self._worker.shared.conversation.answer(self, message))

    def subscribe(self, *rows: dict[str, Any]) -> list[Any]:
        answer = self.say(type="subscribe", data=list(rows))
        assert answer["data"]["success"], answer
        found: list[Any] = answer["data"]["subscriptions"]
        return found

    def heard(self) -> list[Any]:
        """The data of the events that came since the last look."""
        codec = WebSocketCodec(Role.SERVER, rules=Rules(accept_unmasked=True))
        messages = codec.feed(b"".join(self.got)) if self.got else []
        self.got.clear()
        found = []
        for message in messages:
            assert isinstance(message, TextMessage)
            content = json.loads(message.text)
            assert content["type"] == "event"
            found.append(content["data"])
        return found

    def channels(self) -> list[str]:
        """All that the client listens to."""
        assert self.group is not None
        return [name for one in self.group.subscriptions for name in one.channels]

    def leave(self) -> None:
        self._worker.shared.index.leave(self)


class Bench:
    """A worker's parts; `publish` has delivered when it returns."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self.reactor = Reactor()
        projects = [project.id for project in directory.projects.values() if project.team]
        self.counts = Counts(Table(1, projects), 0)
        self.shared = Shared(settings, self.reactor, self.counts, directory)
        self.events = WorkerEvents(settings, self.shared, self.counts)

    def decide(self, target: str, **headers: str) -> Admitted | Refused:
        """What becomes of a request; names of headers have `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(target, named, lambda: "192.0.2.1")
        return self.shared.admission.decide(request)

    def connect(self, query: str, **headers: str) -> tuple[Peer, Any]:
        """A client that is admitted, and the data of its `connected` message."""
        decision = self.decide(f"/v1/realtime?{query}", **headers)
        assert isinstance(decision, Admitted), decision
        group = self.shared.index.group(decision.standing, decision.subscriptions)
        first = self.shared.minter.take(len(decision.message) - 1)
        text = decision.message[0]
        for number, piece in enumerate(decision.message[1:], first):
            text += self.shared.minter.text(number).encode() + piece
        content = json.loads(text)
        assert content["type"] == "connected"
        return Peer(self, group, first), content["data"]

    def refuse(self, query: str, **headers: str) -> tuple[int, str]:
        """Code and text of the error that a client gets which is not admitted."""
        decision = self.decide(f"/v1/realtime?{query}", **headers)
        assert isinstance(decision, Refused), decision
        error = json.loads(decision.message)
        assert error["type"] == "error"
        return error["data"]["code"], error["data"]["message"]

    def publish(self, event: Event) -> None:
        """Deliver an event to the end."""
        self.events.take(event.to_message())
        self.deliver()

    def deliver(self) -> None:
        """Deliver all events to the end, however many turns of the loop a busy machine needs."""
        while self.reactor._callbacks:
            self.reactor._run_callbacks()

    def close(self) -> None:
        os.close(self.reactor._alarm.descriptor)
        self.reactor._epoll.close()


@contextmanager
def bench(
    profile: Profile = Profile.CURRENT, directory: Directory = DEFAULT, **settings: Any
) -> Iterator[Bench]:
    """A worker's parts for the time of a test."""
    made = Bench(Settings(profile=profile, **settings), directory)
    try:
        yield made
    finally:
        made.close()


def event(*channels: str, payload: Any = None, **others: Any) -> Event:
    """An event for everybody in `console`, or what else is asked for."""
    fields: dict[str, Any] = {
        "project": "console",
        "channels": channels,
        "roles": ("any",),
        "names": ("some.event",),
        "timestamp": "2026-08-21T13:42:57.123+00:00",
        "payload": {"$id": "x"} if payload is None else payload,
    }
    return Event(**(fields | others))


def equal(attribute: str, *values: Any) -> str:
    """A query in JSON."""
    return json.dumps({"method": "equal", "attribute": attribute, "values": values})
