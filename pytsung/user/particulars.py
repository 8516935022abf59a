"""What one user has and others of its session need not: most users have none of it.

A rate limit, settings changed on the way, connections put aside. Kept out of the
user itself, which exists many thousand times. Must not know what a step is.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import RateLimit, SetCertificate
from pytsung.protocols.room import Conversation


class TokenBucket:
    """How long reading must pause after a piece of data (Tsung manual, "rate_limit").

    Starts empty at `now`. Sent data is never limited.
    """

    __slots__ = ("_at", "_level", "_limit")

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._level = 0.0
        self._at = now

    def take(self, size: int, now: float) -> float:
        """Seconds to read nothing, after `size` bytes were read."""
        filled = self._level + self._limit.rate * round(now - self._at, 3)
        level = min(filled, self._limit.burst)
        if size < level:
            self._level = level - size
            self._at = now
            return 0.0
        pause = (size - level) / self._limit.rate
        self._level = 0.0
        self._at = now + pause
        return pause


@dataclass(slots=True)
class Stored:
    """A conversation put aside, and whether its connection is still open."""

    conversation: Conversation
    is_connected: bool


class Particulars:
    """One user's own. Where a field is None, its session's options hold.

    `kind` is the session type that the user has changed to. `held` is data that was
    read and waits until the rate limit allows to look at it.
    """

    __slots__ = (
        "bidirectional",
        "bucket",
        "certificate",
        "connect_timeout",
        "held",
        "kind",
        "stored",
    )

    def __init__(self) -> None:
        self.bucket: TokenBucket | None = None
        self.connect_timeout: float | None = None
        self.certificate: SetCertificate | None = None
        self.kind: str | None = None
        self.bidirectional: bool | None = None
        self.stored: dict[str, Stored] = {}
        self.held = b""
