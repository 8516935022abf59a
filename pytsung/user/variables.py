"""Names of a session's variables, as places in a list.

Names are known when a session is compiled, so a user carries a plain list instead
of a dictionary: 70 bytes instead of 230, for each of very many users.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytsung.user.values import Value

_INDEXED = re.compile(r"(?P<name>.+)\[(?P<number>[0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a variable is read: its slot, and the element (from 1) of `name[n]`."""

    slot: int
    element: int | None = None

    def read(self, values: Sequence[Value] | None) -> Value:
        """The value; None when it was never set, or has no such element."""
        if values is None or self.slot >= len(values):
            return None
        value = values[self.slot]
        if self.element is None:
            return value
        if isinstance(value, list) and 1 <= self.element <= len(value):
            return value[self.element - 1]
        return None


class Variables:
    """Hands out slots for the names of one session."""

    __slots__ = ("_hidden", "_slots")

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._hidden = 0

    def __len__(self) -> int:
        return len(self._slots)

    def slot(self, name: str) -> int:
        """The slot of a name; a new one for a new name."""
        return self._slots.setdefault(name, len(self._slots))

    def known(self, name: str) -> int | None:
        """The slot of a name, if it has one already."""
        return self._slots.get(name)

    def hidden_slot(self) -> int:
        """A slot that no name reaches, for a loop's own state."""
        self._hidden += 1
        return self.slot(f"\0{self._hidden}")

    def reference(self, name: str) -> Reference:
        """How `name`, or `name[n]`, is read. A name that nobody sets reads as unset."""
        indexed = _INDEXED.fullmatch(name)
        if indexed is not None and name not in self._slots:
            return Reference(self.slot(indexed["name"]), int(indexed["number"]))
        return Reference(self.slot(name))
