"""Projects, users and teams: what Appwrite has in its database, and we in a file.

Must not know where they come from, or who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

CONSOLE = "console"
"""The project that is always there, and whose clients may come from any origin."""


@dataclass(frozen=True, slots=True)
class Session:
    """A user is who shows the secret of one of its sessions. `id` is named by JWTs."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in a team; it counts once the user has `confirmed` it."""

    team: str
    id: str
    roles: tuple[str, ...] = ()
    confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with an account in a project."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    email_verified: bool = False
    phone_verified: bool = False
    labels: tuple[str, ...] = ()
    preferences: Mapping[str, Any] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    memberships: tuple[Membership, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether the e-mail address or the phone number is known to be the user's."""
        return self.email_verified or self.phone_verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What clients connect to.

    `origins` are host names, `*.` in front for all below; `schemes` are of origins
    that are no web pages. `team` sees the project's statistics. `jwt_key` verifies
    JSON web tokens (HS256); without it none is valid.
    """

    id: str
    team: str = ""
    origins: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    realtime: bool = True
    region: str = ""
    jwt_key: str = ""
    users: Mapping[str, User] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directory:
    """All projects by id.

    `region` is where this server stands, `hosts` are its own names. `trusted_headers`
    (in lower case) are set by a proxy in front, and name the client's address.
    """

    projects: Mapping[str, Project]
    region: str = ""
    hosts: tuple[str, ...] = ()
    trusted_headers: tuple[str, ...] = ()

    def user(self, project: str, user: str) -> User | None:
        """A user of a project; None when either is unknown."""
        found = self.projects.get(project)
        return None if found is None else found.users.get(user)


DEFAULT = Directory(MappingProxyType({CONSOLE: Project(id=CONSOLE)}))
"""One project, and everybody is a guest."""
