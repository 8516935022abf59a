"""Which roles a client has: events name the roles that may see them.

Must not know connections, channels or events.
"""

from __future__ import annotations

from pytsung_server.directory import User
from pytsung_server.settings import Profile
from pytsung_server.subscriptions import Standing


def guests(profile: Profile) -> str:
    """The role of everybody who is nobody."""
    return "guests" if profile is Profile.CURRENT else "role:guest"


def users(profile: Profile) -> str:
    """The role of everybody who is somebody."""
    return "users" if profile is Profile.CURRENT else "role:member"


def standing_of(profile: Profile, project: str, user: User | None) -> Standing:
    """Who a client of a project is: a user, or a guest."""
    if user is None:
        return Standing(project, "", (guests(profile),))
    roles = _roles(user) if profile is Profile.CURRENT else _roles_2021(user)
    return Standing(project, user.id, tuple(dict.fromkeys(roles)))


def _roles(user: User) -> list[str]:
    verified = "verified" if user.verified else "unverified"
    roles = [f"user:{user.id}", "users", f"user:{user.id}/{verified}", f"users/{verified}"]
    for membership in user.memberships:
        if membership.confirmed:
            roles += [f"team:{membership.team}", f"member:{membership.id}"]
            roles += [f"team:{membership.team}/{role}" for role in membership.roles]
    return roles + [f"label:{label}" for label in user.labels]


def _roles_2021(user: User) -> list[str]:
    roles = [f"user:{user.id}", "role:member"]
    for membership in user.memberships:
        if membership.confirmed:
            roles.append(f"team:{membership.team}")
            roles += [f"team:{membership.team}/{role}" for role in membership.roles]
    return roles
