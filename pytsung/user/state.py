"""Where a user is; `virtual_user` draws the transitions."""

from __future__ import annotations

import enum


class State(enum.IntEnum):
    """Where a user is."""

    READY = 0
    SENDING = 1
    WAITING = 2
    THINKING = 3
    PARKED = 4
    RETRYING = 5
    ENDED = 6
    HELD = 7  # what it awaits has come in part, and may not be looked at yet
    IN_NEED = 8  # of a row or an id that is still on its way
    GATHERED = 9  # with all others who wait for each other
    HALTED = 10  # the test is stopping; nothing moves it any more


# As plain names: looked up once an event, by very many users.
SENDING, WAITING, THINKING = State.SENDING, State.WAITING, State.THINKING
PARKED, RETRYING, ENDED = State.PARKED, State.RETRYING, State.ENDED
HALTED = State.HALTED
HELD, IN_NEED, GATHERED = State.HELD, State.IN_NEED, State.GATHERED

LOST = frozenset({"closed", "timeout", "no_ws_connection"})
"""Reasons of a failed send after which a user has no connection."""
