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

    __slots__ = ("_next", "_prefix")

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(5).encode()
        self._next = 0

    def take(self, count: int) -> int:
        """Take so many ids; gives the number of the first."""
        first = self._next
        self._next = first + count
        return first

    def text(self, number: int) -> str:
        """The id of a number."""
        return self.encoded(number).decode()

    def encoded(self, number: int) -> bytes:
        """The same, as it is sent: 0.3 µs."""
        return b"%b%010x" % (self._prefix, number)
