"""Ids of subscriptions: 20 hexadecimal digits, never twice.

A client that asks for ids gets them in a row, so that it keeps one number and not
their texts. Must not know what they stand for.
"""

from __future__ import annotations

import secrets

ID_LENGTH = 20
"""Ten digits that are the worker's, ten that count."""


class Minter:
    """Gives ids; one per worker, so that it needs no lock."""

    __slots__ = ("_next", "pattern")

    def __init__(self) -> None:
        self.pattern = secrets.token_hex(5).encode() + b"%010x"
        """What gives an id of ours as it is sent: `pattern % number`."""
        self._next = 0

    def take(self, count: int) -> int:
        """Take so many ids; gives the number of the first."""
        first = self._next
        self._next = first + count
        return first

    def text(self, number: int) -> str:
        """The id of a number."""
        return (self.pattern % number).decode()
