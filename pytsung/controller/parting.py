"""A stop: how long agents have for it, and which seconds are taken up by it.

Plain arithmetic; must not know why a run is stopped.
"""

from __future__ import annotations

PARTING_TIME = 10.0
"""Seconds after a stop that agents have to report their last interval, besides the grace."""

LEAVING_TIME = 100e-6
"""Seconds more for each user who is still there: to close a connection takes 45 µs on a quiet
machine, both ends of it, and a million of them longer than agents have otherwise."""


def parting_time(grace: float, users: int) -> float:
    """Seconds after which agents are not waited for any more."""
    return grace + PARTING_TIME + users * LEAVING_TIME


def is_leaving(second: int, stopped_at: float | None) -> bool:
    """Whether a stop fell into this second, or before it.

    To send everybody away takes a worker all the time that it has, and spoils nothing
    that was measured.
    """
    return stopped_at is not None and second >= int(stopped_at)
