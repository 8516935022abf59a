"""Where Redis is, from a URL as redis-cli and all client libraries read it.

    redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]     rediss:// for TLS
    unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]

Must not know connections.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEFAULT_PORT = 6379

_FORM = "write redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One Redis server. `path` is that of a Unix socket; without it `host` and `port` count."""

    host: str = ""
    port: int = DEFAULT_PORT
    path: str = ""
    tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    database: int = 0

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """The address that a URL names. Raises ValueError, with the cure, for anything else."""
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORT
        except ValueError as error:
            raise ValueError(f"not a Redis address ({error}); {_FORM}") from error
        if parts.scheme not in ("redis", "rediss", "unix"):
            raise ValueError(f"not a Redis address; {_FORM}")
        is_unix = parts.scheme == "unix"
        if is_unix != (not parts.hostname) or (is_unix and not parts.path):
            raise ValueError(f"not a Redis address; {_FORM}")
        return cls(
            host=parts.hostname or "",
            port=port,
            path=unquote(parts.path) if is_unix else "",
            tls=parts.scheme == "rediss",
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=_database(parts),
        )

    def __str__(self) -> str:
        """The address as it may be shown: without the password."""
        if self.path:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}"


def _database(parts: SplitResult) -> int:
    named = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme != "unix":
        named = named or parts.path.strip("/")
    if not named.isdecimal() and named:
        raise ValueError(f"{named!r} is no number of a Redis database; leave it out for 0")
    return int(named or 0)
