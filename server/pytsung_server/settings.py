"""What the command line asks of the server, read and checked once.

Must not know processes or sockets.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from pytsung_server.redis_address import RedisAddress


class Profile(enum.Enum):
    """Which generation of Appwrite Realtime is spoken."""

    CURRENT = "current"  # 1.9: subscription ids, `ping`, connecting without channels
    BENCH2021 = "bench2021"  # 0.10: the one that held a million connections in 2021


class LimitMode(enum.Enum):
    """What newcomers get when `max_connections` are held."""

    PAUSE = "pause"  # one is closed, then nothing is accepted for a second; as the original
    REFUSE = "refuse"  # each is closed at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. Sizes are bytes, times are seconds; `max_connections` is over all workers.

    Without an `admin_port` there is none. An empty `admin_token` asks for none. `config`
    is the file of projects and users. `abuse_limits`, `upstream_close` (no close frames)
    and `mask_errors` (as in production) bring the server nearer to the original.
    """

    host: str = "127.0.0.1"
    port: int = 9505
    workers: int = 1
    profile: Profile = Profile.CURRENT
    max_connections: int = 1_000_000
    limit_mode: LimitMode = LimitMode.PAUSE
    max_message: int = 64_000
    config: str | None = None
    abuse_limits: bool = False
    upstream_close: bool = False
    mask_errors: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    grace: float = 2.0
    stats: str | None = None
    until_eof: bool = False
    redis: RedisAddress | None = None
    admin_host: str = "127.0.0.1"
    admin_port: int | None = None
    admin_token: str = field(default="", repr=False)

    @property
    def scheme(self) -> str:
        """`ws`, or `wss` when there is a certificate."""
        return "ws" if self.tls_cert is None else "wss"
