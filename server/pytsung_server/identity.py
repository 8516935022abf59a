"""Who a client says it is, by session or token, and whether that is true.

Must not know connections, or what a user may do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pytsung_server.directory import Project, User
from pytsung_server.query import Parameters

MAX_SESSION_LENGTH = 2048
"""Characters of an encoded session; longer ones are not read."""


class TokenError(Exception):
    """A token cannot be believed; the text says why."""


def user_by_session(project: Project, encoded: object) -> User | None:
    """The user whose session this is: base64 of `{"id":USER,"secret":SECRET}`."""
    if not isinstance(encoded, str) or len(encoded) > MAX_SESSION_LENGTH:
        return None
    content = _json_of(encoded)
    if not isinstance(content, dict):
        return None
    user, secret = content.get("id"), content.get("secret")
    if not isinstance(user, str) or not isinstance(secret, str):
        return None
    found = project.users.get(user)
    if found is None:
        return None
    known = [session.secret for session in found.sessions]
    return found if any(_is_equal(secret, one) for one in known) else None


def session_in(headers: Mapping[str, str], project: str) -> str:
    """The session in a request: cookie, header, or what stands in for cookies; empty without."""
    key = f"a_session_{project}"
    cookies = _cookies(headers.get("cookie", ""))
    for name in (key, f"{key}_legacy"):
        if cookies.get(name):
            return cookies[name]
    if headers.get("x-appwrite-session"):
        return headers["x-appwrite-session"]
    try:
        fallback = json.loads(headers.get("x-fallback-cookies", ""))
    except (ValueError, RecursionError):
        return ""
    session = fallback.get(key, "") if isinstance(fallback, dict) else ""
    return session if isinstance(session, str) else ""


def token_in(headers: Mapping[str, str], parameters: Parameters) -> str:
    """The JSON web token in a request, from its header or its query; empty without."""
    in_query = parameters.get("jwt", "")
    return headers.get("x-appwrite-jwt", "") or (in_query if isinstance(in_query, str) else "")


def user_by_token(project: Project, token: str, now: float) -> User | None:
    """The user that a JSON web token is for; None when its session has ended.

    `now` is seconds since 1970.

    Raises:
        TokenError: it is malformed, not signed with the project's key, or expired.
    """
    head, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    header, claims = _json_of(head), _json_of(body)
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenError("Invalid token: Incomplete segments")
    if header.get("alg") != "HS256" or not project.jwt_key:
        raise TokenError("Invalid token: Unsupported algorithm")
    signed = f"{head}.{body}".encode("utf-8", "replace")
    wanted = hmac.digest(project.jwt_key.encode(), signed, hashlib.sha256)
    if not hmac.compare_digest(_bytes_of(signature) or b"", wanted):
        raise TokenError("Invalid token: Signature failed")
    expiry = claims.get("exp")
    if isinstance(expiry, int | float) and expiry <= now:
        raise TokenError("Invalid token: Expired")
    user = project.users.get(str(claims.get("userId", "")))
    session = claims.get("sessionId")
    if user is None or not session:
        return user
    return user if any(one.id == session for one in user.sessions) else None


def _cookies(header: str) -> dict[str, str]:
    """The cookies by name; values are percent-decoded, as Swoole does."""
    pairs = (piece.partition("=") for piece in header.split(";"))
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


def _json_of(encoded: str) -> Any:
    """The JSON in base64, plain or for URLs, padded or not; None when there is none."""
    data = _bytes_of(encoded)
    if data is None:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _bytes_of(encoded: str) -> bytes | None:
    plain = encoded.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
