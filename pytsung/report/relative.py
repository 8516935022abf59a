"""Limits on how much a run may differ from another: `request: p(95)<+10%`.

A limit is crossed only by a difference that is beyond noise. Must not know how one
is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytsung.errors import UsageError
from pytsung.report.comparison import WORDS, Comparison

_EXPRESSION = re.compile(
    r"(?P<word>[a-z]+(?:\(\d+\))?)\s*(?P<comparison>[<>])\s*(?P<limit>[+-]?\d+(?:\.\d+)?)\s*%"
)
_SAME = {"p(50)": "med"}


@dataclass(frozen=True, slots=True)
class RelativeLimit:
    """`limit` is a part of the first run's figure: 0.1 for `+10%`."""

    text: str
    name: str
    word: str
    is_upper: bool
    limit: float

    @classmethod
    def parse(cls, text: str) -> RelativeLimit:
        """Read `NAME: WORD<+N%`. Raises UsageError for anything else."""
        name, _, expression = (part.strip() for part in text.rpartition(":"))
        found = _EXPRESSION.fullmatch(expression)
        word = _SAME.get(found["word"], found["word"]) if found else ""
        if not name or found is None or word not in WORDS:
            raise UsageError(
                f"--threshold {text!r}: known are {', '.join(WORDS)} with < or > and a percentage;"
                " write it as 'request: p(95)<+10%'"
            )
        return cls(text, name, word, found["comparison"] == "<", float(found["limit"]) / 100)

    def is_crossed(self, comparison: Comparison) -> bool:
        """Whether the second run is beyond the limit, and surely so.

        Raises UsageError when there is no such figure.
        """
        rows = [row for row in comparison.rows if (row.name, row.word) == (self.name, self.word)]
        if not rows:
            known = ", ".join(dict.fromkeys(row.name for row in comparison.rows))
            raise UsageError(
                f"--threshold {self.text!r}: no such figure in both; known are {known}"
            )
        difference = rows[0].difference
        change = difference.ratio - 1
        beyond = change >= self.limit if self.is_upper else change <= self.limit
        return difference.is_seen and beyond
