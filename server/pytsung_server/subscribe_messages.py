"""The data of `subscribe` and `unsubscribe` messages, read whole before anything changes.

Must not know who sent them, or what clients have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pytsung_server.channels import convert
from pytsung_server.filters import Filter, QueryError, read_filter
from pytsung_server.messages import ErrorCode

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}\Z")


class RequestError(Exception):
    """A message cannot be taken: the code and the text of the error that answers it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Row(NamedTuple):
    """One subscription that is asked for; `id` is None when the server is to choose it."""

    id: str | None
    channels: tuple[str, ...]
    wanted: Filter
    queries: tuple[str, ...]


def read_subscribe(content: dict[str, Any], user: str) -> list[Row]:
    """What a `subscribe` message asks for, with the channels that `user` gets.

    Raises:
        RequestError: any of it cannot be taken.
    """
    items = list(_items(content))
    for item in items:
        _check_subscribe(item)
    rows = []
    for item in items:
        queries = tuple(item.get("queries", ()))
        try:
            if not all(isinstance(query, str) for query in queries):
                raise QueryError("Syntax error")
            wanted = read_filter(queries)
        except QueryError as error:
            raise RequestError(ErrorCode.INVALID, f"Invalid query: {error}") from error
        rows.append(
            Row(item.get("subscriptionId"), convert(item["channels"], user), wanted, queries)
        )
    return rows


def read_unsubscribe(content: dict[str, Any]) -> list[str]:
    """The ids that an `unsubscribe` message names.

    Raises:
        RequestError: any of it cannot be taken.
    """
    ids = []
    for item in _items(content):
        name = item.get("subscriptionId") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            raise _invalid("Each unsubscribe payload must include a non-empty subscriptionId.")
        ids.append(name)
    return ids


def _items(content: dict[str, Any]) -> Iterator[Any]:
    if content.get("data") is None:
        raise RequestError(ErrorCode.INVALID, "Payload is not valid. Items is required")
    if not isinstance(content["data"], list):
        raise _invalid("Payload is not valid.")
    yield from content["data"]


def _check_subscribe(item: Any) -> None:
    if not isinstance(item, dict):
        raise _invalid("Each subscribe payload must be an object.")
    if "subscriptionId" in item and not _is_id(item["subscriptionId"]):
        raise _invalid("subscriptionId is not a valid id.")
    if "channels" not in item:
        raise _invalid("channels is not present in payload.")
    if not isinstance(item["channels"], list):
        raise _invalid("channels is not a valid array.")
    if not all(isinstance(channel, str) for channel in item["channels"]):
        raise _invalid("channels must contain only strings.")
    if not isinstance(item.get("queries", []), list):
        raise _invalid("queries is not a valid array.")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.match(value) is not None


def _invalid(text: str) -> RequestError:
    return RequestError(ErrorCode.INVALID, f"items: {text}")
