"""How `subscribe` and `unsubscribe` change what a client listens to.

Must not know messages: rows have been read, answers are plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pytsung_server.ids import Minter
from pytsung_server.index import Index, Member
from pytsung_server.messages import ErrorCode
from pytsung_server.subscribe_messages import RequestError, Row
from pytsung_server.subscriptions import Subscription

MAX_CHANNELS = 1000
"""Over all subscriptions of one connection: as many as a URL can name. The original knows
no limit; a server must not be filled, nor its loop held, by one client."""

MAX_QUERY_CHARACTERS = 64_000
"""Over all subscriptions of one connection: as many as fit into one message."""


def subscribe(
    index: Index, minter: Minter, member: Member, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """Add subscriptions, or change those whose id is known; gives what each row has become.

    Raises:
        RequestError: the client would have more than a connection may.
    """
    held = _held(minter, member)
    answers: list[dict[str, Any]] = []
    for row in rows:
        name = row.id or minter.text(minter.take(1))
        new = Subscription.to(row.channels, row.wanted)
        held[name] = held[name].with_parts(new) if name in held else new
        answers.append({"subscriptionId": name, "channels": row.channels, "queries": row.queries})
    _check(held.values())
    _hold(index, member, held)
    return answers


def unsubscribe(
    index: Index, minter: Minter, member: Member, ids: Iterable[str]
) -> list[dict[str, Any]]:
    """Remove subscriptions; says for each id whether it was there. The client stays."""
    held = _held(minter, member)
    answers = [
        {"subscriptionId": name, "removed": held.pop(name, None) is not None} for name in ids
    ]
    if any(answer["removed"] for answer in answers):
        _hold(index, member, held)
    return answers


def _check(subscriptions: Iterable[Subscription]) -> None:
    """Raise RequestError when it is too much for one connection."""
    channels = characters = 0
    for one in subscriptions:
        channels += max(1, len(one.parts))
        characters += sum(len(text) for wanted in one.filters for text in wanted.texts)
    if channels > MAX_CHANNELS:
        text = f"more than {MAX_CHANNELS} channels on one connection"
    elif characters > MAX_QUERY_CHARACTERS:
        text = f"more than {MAX_QUERY_CHARACTERS} characters of queries on one connection"
    else:
        return
    raise RequestError(ErrorCode.INVALID, f"items: {text}")


def _held(minter: Minter, member: Member) -> dict[str, Subscription]:
    """A client's subscriptions by their ids."""
    assert member.group is not None
    subscriptions = member.group.subscriptions
    if isinstance(member.ids, int):
        names = [minter.text(member.ids + place) for place in range(len(subscriptions))]
        return dict(zip(names, subscriptions, strict=True))
    return dict(zip(member.ids, subscriptions, strict=True))


def _hold(index: Index, member: Member, held: dict[str, Subscription]) -> None:
    assert member.group is not None
    standing = member.group.standing
    member.ids = tuple(held)
    index.move(member, standing, tuple(held.values()))
