"""The JSON that the server says, in Appwrite's encoding.

Must not know frames or connections.
"""

from __future__ import annotations

import enum
import json
from typing import Any


class ErrorCode(enum.IntEnum):
    """The codes of `error` messages."""

    UNEXPECTED = 0
    INVALID = 1003  # a message that cannot be taken; the connection stays
    POLICY = 1008  # the connection is closed


SERVER_ERROR = "Error: Server Error"

PONG = b'{"type":"pong"}'


def encode(message: dict[str, Any]) -> bytes:
    """A message as Appwrite writes it: compact, ASCII, `/` as `\\/`, keys in the order given."""
    return json.dumps(message, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def error(code: int, text: str) -> bytes:
    """An `error` message."""
    return encode({"type": "error", "data": {"code": code, "message": text}})
