"""What this host is called. Must not know who wants to know."""

from __future__ import annotations

import socket


def host_name() -> str:
    """This host's name, as Tsung's files carry it."""
    return socket.gethostname().partition(".")[0]
