"""Where events get in: from Redis, from the admin port; all are checked, then published.

Must not know who listens, or how an event reaches the workers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from pytsung.errors import RemoteProtocolError
from pytsung_server.events import Event
from pytsung_server.redis_feed import FeedStatus

COMPLAIN_AT_MOST = 5
"""Messages that are no events and are said to be; the rest are only counted."""

_log = logging.getLogger(__name__)


class Ingress:
    """Checks messages and hands them to `publish`. `redis` is None without Redis.

    `invalid` counts messages that were no events.
    """

    def __init__(self, publish: Callable[[bytes], object], redis: FeedStatus | None = None) -> None:
        self._publish = publish
        self.redis = redis
        self.invalid = 0

    def publish(self, message: bytes) -> Event:
        """Publish one message, and give the event that it is.

        Raises:
            RemoteProtocolError: it is none.
        """
        try:
            event = Event.from_message(message)
        except RemoteProtocolError:
            self.invalid += 1
            raise
        self._publish(message)
        return event

    def publish_all(self, messages: Iterable[bytes]) -> int:
        """Publish all messages, and give how many, or none of them.

        Raises:
            RemoteProtocolError: one is no event; says which.
        """
        checked = []
        for number, message in enumerate(messages, 1):
            try:
                Event.from_message(message)
            except RemoteProtocolError as error:
                self.invalid += 1
                raise RemoteProtocolError(f"line {number}: {error}") from error
            checked.append(message)
        for message in checked:
            self._publish(message)
        return len(checked)

    def take(self, message: bytes) -> None:
        """Publish what came from Redis; what is no event is counted, and said."""
        try:
            self.publish(message)
        except RemoteProtocolError as error:
            if self.invalid <= COMPLAIN_AT_MOST:
                _log.warning("from Redis: %s", error)
