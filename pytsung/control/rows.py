"""The rows of a large file, in little more memory than the file itself.

A million rows as texts of their own would take three times the file; here each costs
eight bytes beside it, and becomes a text when it is handed out. Must not know files,
or who uses the rows.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from typing import overload

_NEWLINE = re.compile(b"\n")


class Rows(Sequence[str]):
    """The lines of a file's bytes, without the empty ones at its end.

    A carriage return at the end of a line is dropped; Tsung leaves it in the last field.
    Bytes that are not UTF-8 throughout are read as Latin-1.
    """

    __slots__ = ("_data", "_encoding", "_ends")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._encoding = "utf-8"
        if not data.isascii():
            try:
                data.decode()
            except UnicodeDecodeError:
                self._encoding = "latin-1"
        self._ends = array("Q", (found.start() for found in _NEWLINE.finditer(data)))
        if data and not data.endswith(b"\n"):
            self._ends.append(len(data))
        while self._ends and not self[-1]:
            self._ends.pop()

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = place + len(self) if place < 0 else place
        if not 0 <= number < len(self):
            raise IndexError(f"row {place} of {len(self)}")
        start = self._ends[number - 1] + 1 if number else 0
        row = self._data[start : self._ends[number]]
        return row.removesuffix(b"\r").decode(self._encoding)
