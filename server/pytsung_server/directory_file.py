"""Reads projects, users and teams from a TOML file; every fault at once.

    [[projects]]
    id = "shop"
    origins = ["localhost", "*.shop.example"]

    [[projects.users]]
    id = "anna"
    sessions = [{ id = "laptop", secret = "s3cret" }]

    [[projects.teams]]
    id = "staff"
    members = [{ user = "anna", roles = ["owner"] }]

Must not know who asks for the directory.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytsung.errors import UsageError
from pytsung_server.directory import CONSOLE, Directory, Membership, Project, Session, User


def read_directory(path: str) -> Directory:
    """The directory in a file; `console` is in it even when the file does not name it.

    Raises:
        UsageError: the file cannot be read, or is not such a file; names all faults.
    """
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a file that can be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}; the reference of the server shows the form") from error
    faults: list[str] = []
    directory = _directory(_Table(content, "", faults))
    if faults:
        raise UsageError("\n".join(f"{path}: {fault}" for fault in faults))
    return directory


class _Table:
    """One table of the file: gives values by name and type, and notes what is wrong."""

    def __init__(self, content: Mapping[str, Any], place: str, faults: list[str]) -> None:
        self._content = content
        self._place = place
        self.faults = faults
        self._taken: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default it must be there, and not be empty."""
        value = self._take(name, "" if default is None else default)
        if not isinstance(value, str) or (default is None and not value):
            self.complain(name, "must be a string" + (" that is not empty" * (default is None)))
            return ""
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            self.complain(name, "must be true or false")
            return default
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.complain(name, "must be a list of strings")
            return ()
        return tuple(value)

    def table(self, name: str) -> dict[str, Any]:
        """A table whose keys are the user's own."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            self.complain(name, "must be a table")
            return {}
        return value

    def tables(self, name: str) -> list[_Table]:
        """A list of tables."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.complain(name, "must be a list of tables")
            return []
        return [
            _Table(one, f"{self._at(name)}[{number}]", self.faults)
            for number, one in enumerate(value)
        ]

    def close(self) -> None:
        """Note what nobody asked for: a misspelt name must not pass for a missing one."""
        for name in self._content:
            if name not in self._taken:
                known = ", ".join(sorted(self._taken))
                self.complain(name, f"is not known here; known are {known}")

    def complain(self, name: str, what: str) -> None:
        """Note a fault."""
        self.faults.append(f"{self._at(name)} {what}")

    def _take(self, name: str, default: object) -> Any:
        self._taken.add(name)
        return self._content.get(name, default)

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def _directory(table: _Table) -> Directory:
    region = table.text("region", "")
    hosts = table.texts("hosts")
    headers = tuple(name.lower() for name in table.texts("trusted_headers"))
    projects: dict[str, Project] = {CONSOLE: Project(id=CONSOLE)}
    named: set[str] = set()
    for inner in table.tables("projects"):
        project = _project(inner)
        if project.id in named:
            inner.complain("id", f"is the second {project.id!r}; give each project once")
        named.add(project.id)
        projects[project.id] = project
    table.close()
    return Directory(projects, region, hosts, headers)


def _project(table: _Table) -> Project:
    identifier = table.text("id")
    users = [_user(inner) for inner in table.tables("users")]
    memberships = _memberships(table, {user.id for user in users})
    project = Project(
        id=identifier,
        team=table.text("team", ""),
        origins=table.texts("origins"),
        schemes=table.texts("schemes"),
        realtime=table.flag("realtime", True),
        region=table.text("region", ""),
        jwt_key=table.text("jwt_key", ""),
        users={user.id: replace(user, memberships=memberships.get(user.id, ())) for user in users},
    )
    if len(project.users) < len(users):
        table.complain("users", "have the same id twice; give each user once")
    table.close()
    return project


def _user(table: _Table) -> User:
    user = User(
        id=table.text("id"),
        name=table.text("name", ""),
        email=table.text("email", ""),
        phone=table.text("phone", ""),
        email_verified=table.flag("email_verified", False),
        phone_verified=table.flag("phone_verified", False),
        labels=table.texts("labels"),
        preferences=table.table("preferences"),
        sessions=tuple(_session(inner) for inner in table.tables("sessions")),
    )
    table.close()
    return user


def _session(table: _Table) -> Session:
    session = Session(table.text("id", ""), table.text("secret"))
    table.close()
    return session


def _memberships(table: _Table, users: set[str]) -> dict[str, tuple[Membership, ...]]:
    """The memberships of each user, from the project's teams."""
    found: dict[str, tuple[Membership, ...]] = {}
    for team in table.tables("teams"):
        name = team.text("id")
        for member in team.tables("members"):
            user = member.text("user")
            if user not in users:
                member.complain("user", f"{user!r} is not among the users of this project")
            membership = Membership(
                team=name,
                id=member.text("id", f"{name}-{user}"),
                roles=member.texts("roles"),
                confirmed=member.flag("confirmed", True),
            )
            member.close()
            found[user] = (*found.get(user, ()), membership)
        team.close()
    return found
