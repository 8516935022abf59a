"""A user as clients are told about it: Appwrite's account object.

Must not know sessions or connections.
"""

from __future__ import annotations

from typing import Any

from pytsung_server.directory import User
from pytsung_server.settings import Profile

_LONG_AGO = "2021-01-01T00:00:00.000+00:00"
"""The file of users names no times; clients show them, but nothing depends on them."""


def account_of(profile: Profile, user: User | None) -> dict[str, Any] | None:
    """The account, its keys in Appwrite's order; None for a guest."""
    if user is None:
        return None
    # PHP cannot tell an empty object from an empty list.
    preferences: object = dict(user.preferences) or []
    if profile is Profile.BENCH2021:
        return {
            "$id": user.id,
            "name": user.name,
            "registration": 1609459200,
            "status": True,
            "passwordUpdate": 1609459200,
            "email": user.email,
            "emailVerification": user.email_verified,
            "prefs": preferences,
        }
    return {
        "$id": user.id,
        "$createdAt": _LONG_AGO,
        "$updatedAt": _LONG_AGO,
        "name": user.name,
        "registration": _LONG_AGO,
        "status": True,
        "labels": user.labels,
        "passwordUpdate": _LONG_AGO,
        "email": user.email,
        "phone": user.phone,
        "emailVerification": user.email_verified,
        "phoneVerification": user.phone_verified,
        "mfa": False,
        "prefs": preferences,
        "targets": [],
        "accessedAt": _LONG_AGO,
    }
