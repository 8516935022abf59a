"""What the server answers to a client's message.

Everyone is a guest here and nothing is published yet, so `ping` is answered, no
session is valid, and `subscribe` is a word this server does not know.
Must not know frames or connections.
"""

from __future__ import annotations

import json
from typing import Any

from pytsung_server import messages
from pytsung_server.messages import ErrorCode
from pytsung_server.settings import Profile


def answer(profile: Profile, message: str | bytes) -> bytes:
    """The JSON that answers a client's message; the connection stays open."""
    try:
        content = json.loads(message, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _invalid("Message format is not valid.")
    if content is None or isinstance(content, list):
        return _invalid("Message format is not valid.")
    if not isinstance(content, dict):
        # A scalar is a type fault in the original, which the client meets as this.
        return messages.error(ErrorCode.UNEXPECTED, messages.SERVER_ERROR)
    if "type" not in content and "data" not in content:
        return _invalid("Message format is not valid.")
    match content.get("type"):
        case "ping" if profile is Profile.CURRENT:
            return messages.PONG
        case "authentication":
            return _refuse_session(profile, content.get("data"))
        case _:
            return _invalid("Message type is not valid.")


def _refuse_session(profile: Profile, data: Any) -> bytes:
    if isinstance(data, dict) and "session" in data:
        return _invalid("Session is not valid.")
    if profile is Profile.BENCH2021:
        return _invalid("Payload is not valid.")
    return _invalid("Payload is not valid. Session is required")


def _invalid(text: str) -> bytes:
    return messages.error(ErrorCode.INVALID, text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
