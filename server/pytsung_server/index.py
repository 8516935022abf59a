"""Who listens to what: found by project, role and channel without looking at anybody else.

Clients that are the same person and listen to the same things form one group, which
keeps all of that once; a client of it costs an entry in a set. A load test with a
hundred thousand guests on one channel is one group. Must not know sockets or frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from pytsung_server.events import Event
from pytsung_server.subscriptions import Standing, Subscriptions

EVERYONE = ("any", "*")
"""Roles that stand for everybody, in an event: today's and that of 2021."""

_ANYBODY = ""
"""The role under which every listener is found."""

Ids = int | tuple[str, ...]
"""A client's subscription ids: the number of the first that the server gave in a
row, or the ids themselves, once the client has named one."""


_Place = TypeVar("_Place")


class Member(Protocol):
    """A client, for index and fan-out; only the index sets `group`."""

    group: Group | None
    ids: Ids

    def push(self, data: bytes) -> None:
        """Send a frame, or keep it until the client can take it; never waits."""
        ...


class Group:
    """Clients of one standing with the same subscriptions; their ids are their own."""

    __slots__ = ("members", "standing", "subscriptions")

    def __init__(self, standing: Standing, subscriptions: Subscriptions) -> None:
        self.standing = standing
        self.subscriptions = subscriptions
        self.members: set[Member] = set()


class Index:
    """All clients of one worker. Nothing stays behind of those that have left."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Standing, Subscriptions], Group] = {}
        self._listening: dict[tuple[str, str, str], set[Group]] = {}
        self._users: dict[tuple[str, str], set[Group]] = {}

    def group(self, standing: Standing, subscriptions: Subscriptions) -> Group:
        """The group of such clients; one without members is forgotten, not wrong."""
        return self._groups.get((standing, subscriptions)) or Group(standing, subscriptions)

    def join(self, member: Member, group: Group, ids: Ids) -> None:
        """Make a client that is in no group a member of `group`, or of its equal."""
        if not group.members:
            group = self._link(group)
        group.members.add(member)
        member.group = group
        member.ids = ids

    def leave(self, member: Member) -> None:
        """Forget a client; harmless when it is in no group."""
        group = member.group
        if group is None:
            return
        member.group = None
        group.members.remove(member)
        if not group.members:
            self._unlink(group)
            group.members = set()  # a set keeps the room of those that were in it

    def move(self, member: Member, standing: Standing, subscriptions: Subscriptions) -> None:
        """The client is somebody else now, or its subscriptions mean something else."""
        self.leave(member)
        self.join(member, self.group(standing, subscriptions), member.ids)

    def has_listener(self, project: str, role: str, channel: str) -> bool:
        """Whether a client listens to a channel in a role."""
        return (project, role, channel) in self._listening

    def groups_of(self, project: str, user: str) -> list[Group]:
        """The groups in which a user's clients are."""
        return list(self._users.get((project, user), ()))

    def listeners(self, event: Event) -> list[Member]:
        """The clients that may see an event and listen to a channel of it, by group; filters aside.

        In one go, or somebody who changes groups meanwhile would be missed or found twice: 10 ms
        where 20,000 clients, all that a worker has, are as many groups, and 1 where they are one.
        """
        roles: Iterable[str] = event.roles
        if any(role in EVERYONE for role in roles):
            roles = (_ANYBODY,)
        places = ((event.project, role, channel) for role in roles for channel in event.channels)
        groups: set[Group] = set().union(*(self._listening.get(place, ()) for place in places))
        return [member for group in groups for member in group.members]

    def count_by_project(self) -> Counter[str]:
        """How many clients each project has; costs a walk through all groups."""
        counts: Counter[str] = Counter()
        for group in self._groups.values():
            counts[group.standing.project] += len(group.members)
        return counts

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    def _link(self, group: Group) -> Group:
        linked = self._groups.setdefault((group.standing, group.subscriptions), group)
        if linked is group:
            for place in _places(group):
                self._listening.setdefault(place, set()).add(group)
            if group.standing.user:
                self._users.setdefault(_user(group), set()).add(group)
        return linked

    def _unlink(self, group: Group) -> None:
        del self._groups[group.standing, group.subscriptions]
        for place in _places(group):
            _discard(self._listening, place, group)
        if group.standing.user:
            _discard(self._users, _user(group), group)


def may_see(event: Event, standing: Standing) -> bool:
    """Whether an event is meant for a client of such standing, whatever it listens to."""
    if event.project != standing.project:
        return False
    return any(role in EVERYONE or role in standing.roles for role in event.roles)


def _places(group: Group) -> Iterator[tuple[str, str, str]]:
    """Where a group is found: each once."""
    standing = group.standing
    channels = {channel for one in group.subscriptions for channel, _ in one.parts}
    for role in {*standing.roles, _ANYBODY}:
        for channel in channels:
            yield standing.project, role, channel


def _user(group: Group) -> tuple[str, str]:
    return group.standing.project, group.standing.user


def _discard(holder: dict[_Place, set[Group]], place: _Place, group: Group) -> None:
    """Take a group out of one of the sets, and the set out when it was the last."""
    groups = holder[place]
    groups.discard(group)
    if not groups:
        del holder[place]
