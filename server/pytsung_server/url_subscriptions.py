"""The subscriptions that a URL asks for: its channels, and their queries in slots.

    channels[]=files&channels[]=rows&rows[1][]={"method":"equal",…}

`files` goes to slot 0 and wants everything, `rows` to slot 1 with its queries. Channels
in the same slot are one subscription. Must not know users, ids or connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pytsung_server.filters import EVERYTHING, QueryError, read_filter
from pytsung_server.query import Key, Parameters, Value
from pytsung_server.subscriptions import Subscription

Slots: TypeAlias = dict[Key, Subscription]
"""The subscriptions by slot, in the order of the slots' first mention."""


def read_slots(channels: Iterable[str], parameters: Parameters) -> Slots:
    """The subscriptions for requested channels.

    Raises:
        QueryError: what stands in a channel's parameter is no query.
    """
    slots: Slots = {}
    for channel in channels:
        for slot, texts in _slots_of(channel, parameters):
            known = slots.get(slot)
            if known is None:
                slots[slot] = Subscription.to([channel], read_filter(texts))
            else:  # who comes first says what the slot wants
                wanted = known.parts[0][1]
                read_filter(texts)  # but all must be right
                slots[slot] = known.with_parts(Subscription.to([channel], wanted))
    return slots


def _slots_of(channel: str, parameters: Parameters) -> Iterator[tuple[Key, list[str]]]:
    """The slots of one channel, and the queries that it brings to each."""
    value: Value | None = parameters.get(channel.replace(".", "_").replace(" ", "_"))
    if channel == "project" and isinstance(value, str):
        value = None  # that is the project's id
    if value is None or value == {}:
        yield 0, list(EVERYTHING.texts)
    elif isinstance(value, str):
        yield 0, [value]
    else:
        for slot, texts in value.items():
            yield slot, _texts(texts)


def _texts(value: Value) -> list[str]:
    if isinstance(value, str):
        return [value]
    if all(isinstance(text, str) for text in value.values()):
        return [str(text) for text in value.values()]
    raise QueryError("Invalid query: Syntax error")
