"""How a host is named for SSH: `host`, `user@host`, `host:port`, `user@[::1]:2222`.

What is not said here, `~/.ssh/config` or SSH's defaults say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?"
    r"(?:\[(?P<bracketed>[^\]\s]+)\]|(?P<host>[^@:\s\[\]]+|[^@\s\[\]]*:[^@\s\[\]]*:[^@\s\[\]]*))"
    r"(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class SshAddress:
    """A host, and the user and port where the name of the host says so."""

    host: str
    user: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> SshAddress:
        """Read one. Raises ValueError for what is none."""
        found = _FORM.fullmatch(text)
        port = int(found["port"]) if found is not None and found["port"] else None
        if found is None or (port is not None and not 1 <= port <= 65535):
            raise ValueError(f"{text!r} is no host; write host, user@host or user@host:port")
        return cls(found["bracketed"] or found["host"], found["user"], port)

    def __str__(self) -> str:
        """As the `ssh` program takes it, without the port."""
        return f"{self.user}@{self.host}" if self.user else self.host
