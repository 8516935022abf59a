"""What about an element is not quite as in Tsung, for whoever checks a configuration.

The reference page has the same marks, and those that say `same`; a test holds the two
together. A room marks its own elements. Must not know what anything means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

FIXED = "same, fixed"
"""As Tsung means it: a defect or limit of Tsung's is gone."""

APPROXIMATED = "approximated"
"""The same for the load, made in another way."""

OURS = "ours"
"""Tsung does not have it."""

Vocabulary = Mapping[str, tuple[str, ...]]
"""A room's elements, each with its attributes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An element, or an attribute of it (of `<option>`: its name), and what is different."""

    element: str
    attribute: str
    kind: str
    note: str

    @property
    def name(self) -> str:
        """`<match skip_headers>`."""
        return f"<{self.element} {self.attribute}>" if self.attribute else f"<{self.element}>"


@runtime_checkable
class MarkedRoom(Protocol):
    """A room that says where it differs from Tsung; one of a plug-in need not."""

    @property
    def element(self) -> str:
        """Name of the element inside `<request>`."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """Its elements and their attributes."""
        ...

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is different about them, in the order of the reference."""
        ...
