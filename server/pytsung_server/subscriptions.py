"""What clients listen to, and as whom: values that many clients share.

Must not know connections: a client keeps its subscriptions' ids, and all else is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pytsung_server.filters import Filter


@dataclass(frozen=True, slots=True)
class Standing:
    """Who a client is: in which project, as which user (empty: a guest), in which roles."""

    project: str
    user: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one id stands for: channels, each with a filter of its own."""

    parts: tuple[tuple[str, Filter], ...]

    @classmethod
    def to(cls, channels: Iterable[str], wanted: Filter) -> Subscription:
        """A subscription to channels with one filter for all."""
        return cls(tuple((channel, wanted) for channel in channels))

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels, in the order in which they were asked for."""
        return tuple(channel for channel, _ in self.parts)

    @property
    def filters(self) -> set[Filter]:
        """The filters, each once."""
        return {wanted for _, wanted in self.parts}

    def with_parts(self, other: Subscription) -> Subscription:
        """Both: on channels that both have, the filter of `other` counts.

        Channels that `other` lacks stay: subscribing with a known id only ever adds.
        """
        return Subscription(tuple({**dict(self.parts), **dict(other.parts)}.items()))

    def matches(self, channels: Collection[str], payload: object) -> bool:
        """Whether an event on these channels with this payload is wanted."""
        return any(
            channel in channels and wanted.matches(payload) for channel, wanted in self.parts
        )


Subscriptions = tuple[Subscription, ...]
"""All of a client, in the order of their ids."""


def matching(
    subscriptions: Subscriptions, channels: Collection[str], payload: object
) -> tuple[int, ...]:
    """The places of the subscriptions that want an event."""
    return tuple(
        place
        for place, subscription in enumerate(subscriptions)
        if subscription.matches(channels, payload)
    )
