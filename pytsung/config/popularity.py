"""How popular each session is, in general and in one arrival phase.

Tsung knows two ways, never mixed in one test: probabilities, which add up to 100
in every phase, and weights, which are relative. Must not know what a session does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader

_TOLERANCE = 0.05
"""How far from 100 a sum of probabilities may be (Tsung manual, "Sessions")."""

_WAYS = ("probability", "weight")


@dataclass(frozen=True, slots=True)
class Popularity:
    """One number (NaN after a fault), and which of the two ways it counts in ("" after one)."""

    way: str
    value: float


def read_popularity(element: SourceElement, reader: ConfigurationReader) -> Popularity:
    """The popularity written at a `<session>` or a `<session_setup>`."""
    ways = [way for way in _WAYS if element.get(way) is not None]
    if len(ways) != 1:
        missing = "neither probability nor weight" if not ways else "both probability and weight"
        cure = 'write probability="100"' if not ways else "keep one of them"
        reader.fault(element, f"<{element.tag}> has {missing}", cure)
        return Popularity("", 0.0)
    return Popularity(ways[0], reader.number(element, ways[0], math.nan))


class SessionNames:
    """The sessions of a test in the order of the file, found by name or pattern."""

    def __init__(self, sessions: Sequence[SourceElement], reader: ConfigurationReader) -> None:
        self.names = [session.get("name") or "" for session in sessions]
        self.popularities = [read_popularity(session, reader) for session in sessions]
        self.way = next((each.way for each in self.popularities if each.way), "")
        for session, popularity in zip(sessions, self.popularities, strict=True):
            self.check_way(session, popularity, reader)

    def check_way(
        self, element: SourceElement, popularity: Popularity, reader: ConfigurationReader
    ) -> None:
        """Report a popularity that counts in another way than the first session's."""
        if popularity.way and popularity.way != self.way:
            reader.fault(
                element,
                f"<{element.tag}> has a {popularity.way} where another session has a {self.way}",
                f"write {self.way} everywhere",
            )

    def matching(self, pattern: str) -> list[int]:
        """The sessions whose name fits: `*` is any text, `?` any one character.

        Tsung expands only the first of each, and lets other characters act as in a
        regular expression.
        """
        glob = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        expression = re.compile(glob, re.DOTALL)
        return [n for n, name in enumerate(self.names) if expression.fullmatch(name)]

    def weights_in(self, phase: SourceElement, reader: ConfigurationReader) -> tuple[float, ...]:
        """One number a session: its own, or that of the phase's last `<session_setup>` for it."""
        weights = [popularity.value for popularity in self.popularities]
        setups = phase.all("session_setup")
        for setup in setups:
            popularity = read_popularity(setup, reader)
            self.check_way(setup, popularity, reader)
            found = self.matching(reader.required(setup, "name"))
            if not found and setup.get("name"):
                reader.warn(setup, f"no session is called “{setup.get('name')}”")
            for number in found:
                weights[number] = popularity.value
        self._check_sum(phase, weights, reader)
        return tuple(weights)

    def _check_sum(
        self, phase: SourceElement, weights: Sequence[float], reader: ConfigurationReader
    ) -> None:
        if any(popularity.way != self.way for popularity in self.popularities):
            return  # reported already, and a sum of both ways means nothing
        total = sum(weights)
        if math.isnan(total):
            return  # reported already, at the number itself
        if self.way == "probability" and abs(total - 100) > _TOLERANCE:
            reader.fault(
                phase,
                f"the sessions' probabilities add up to {total:g} in this phase, not to 100",
                "correct them, or write weight instead of probability everywhere",
            )
        elif len(weights) > 1 and total <= 0:
            reader.fault(phase, "every session has the weight 0 in this phase", "give one a weight")
