"""Events from Redis publish/subscribe, for as long as the server lives.

What is published on the channel `realtime` is handed on as it came. A Redis that is
gone is looked for again, less and less often; what it published in between is lost,
as it is for everybody (at most once, no replay). Must not know events or clients.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import trio

from pytsung_server.redis_address import RedisAddress
from pytsung_server.redis_connection import RedisConnection, RedisError, connect

CHANNEL = "realtime"
"""The one channel on which Appwrite publishes all events."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between attempts, doubling from one to the other; the original waits 5 always."""

SILENCE = 15.0
"""Seconds of silence after which Redis is asked whether it lives; after as many again it does
not. A connection whose other end vanished without a word would else look idle for ever."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class FeedStatus:
    """How it stands with Redis, for whoever asks. `losses`: connections that were lost."""

    subscribed: bool = False
    messages: int = 0
    losses: int = 0
    reason: str = "not connected yet"


async def follow(address: RedisAddress, take: Callable[[bytes], None], status: FeedStatus) -> None:
    """Hand every message on the channel to `take`, until cancelled; never gives up."""
    pause = FIRST_PAUSE
    complained, since = False, 0.0
    while True:
        try:
            async with connect(address) as connection:
                await connection.call("SUBSCRIBE", CHANNEL)
                _log.info("%s: subscribed to %s", address, CHANNEL)
                status.subscribed, status.reason = True, ""
                complained, since = False, trio.current_time()
                await _hear(connection, take, status)
        except RedisError as error:
            if status.subscribed and trio.current_time() >= since + LONGEST_PAUSE:
                pause = FIRST_PAUSE  # not one that accepts everybody, and drops everybody at once
            status.losses += status.subscribed
            status.subscribed, status.reason = False, str(error)
        if not complained:
            complained = True
            _log.warning("%s: %s; no events from there, trying again", address, status.reason)
        await trio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _hear(
    connection: RedisConnection, take: Callable[[bytes], None], status: FeedStatus
) -> None:
    """Hand on messages until the connection is lost, which raises RedisError."""
    asked = False
    while True:
        reply: Any = None
        with trio.move_on_after(SILENCE) as patience:
            reply = await connection.receive()
        if patience.cancelled_caught:
            if asked:
                raise RedisError(f"silent for {2 * SILENCE:g} seconds")
            asked = True
            await connection.send("PING")
            continue
        asked = False
        match reply:
            case [b"message", _, bytes(message)]:
                status.messages += 1
                take(message)
            case _:
                pass  # an answer to PING
