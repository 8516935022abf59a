"""The JSON that the server says, in Appwrite's encoding.

Must not know frames or connections.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pytsung.protocols.websocket.events import CloseCode


class ErrorCode(enum.IntEnum):
    """The codes of `error` messages."""

    UNEXPECTED = 0
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    INVALID = 1003  # a message that cannot be taken; the connection stays
    POLICY = 1008  # the connection is closed
    TOO_MANY = 1013


SERVER_ERROR = "Error: Server Error"

PONG = b'{"type":"pong"}'

Account = Mapping[str, Any] | None


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as Appwrite writes it: compact, ASCII, `/` as `\\/`, keys in the order given."""
    return json.dumps(message, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def error(code: int, text: str) -> bytes:
    """An `error` message."""
    return encode({"type": "error", "data": {"code": code, "message": text}})


def masked(code: int, text: str) -> str:
    """The text of an error as a server in production says it: faults of its own are nobody's
    business, and codes from 500 on count as such."""
    return SERVER_ERROR if code == ErrorCode.UNEXPECTED or code >= 500 else text


def close_code(code: int) -> int:
    """The code of the close frame that follows an error after which the client must go."""
    if code in (ErrorCode.INVALID, ErrorCode.POLICY, ErrorCode.TOO_MANY):
        return code
    return CloseCode.POLICY_VIOLATION if 400 <= code < 500 else CloseCode.INTERNAL_ERROR


def response(to: str, **data: Any) -> bytes:
    """The answer to a client's message that was taken."""
    return encode({"type": "response", "data": {"to": to, "success": True, **data}})


def connected_2021(channels: Sequence[str], account: Account) -> bytes:
    """The first message in Appwrite 0.10."""
    return encode({"type": "connected", "data": {"channels": channels, "user": account}})


def connected(
    channels: Sequence[str], slots: Sequence[str | int], account: Account
) -> tuple[bytes, ...]:
    """The first message today, cut where the ids of the subscriptions in `slots` stand.

    Slots that count from 0 give a list of ids, others an object, as PHP has it.
    """
    before = encode({"type": "connected", "data": {"channels": channels}})[:-2]
    after = b',"user":' + encode({"user": account})[len('{"user":') :] + b"}"
    if not slots:
        return (before + b',"subscriptions":[]' + after,)
    is_list = list(slots) == list(range(len(slots)))
    keys = [b"" if is_list else encode({str(slot): 0})[1:-2] for slot in slots]
    opening, closing = (b"[", b"]") if is_list else (b"{", b"}")
    first = before + b',"subscriptions":' + opening + keys[0] + b'"'
    return (first, *(b'",' + key + b'"' for key in keys[1:]), b'"' + closing + after)
