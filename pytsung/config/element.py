"""An element of a configuration, and the place where it was written.

What the readers and the protocols' rooms see instead of a parser's own tree.
Must not know a parser, nor what any element means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytsung.errors import Place


@dataclass(slots=True)
class SourceElement:
    """One element; fits `pytsung.protocols.room.Element`.

    Comments and processing instructions are gone, and the text around them is
    joined. Entities are expanded; `place` is in the file that the element came from.
    """

    tag: str
    place: Place
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    tail: str = ""
    children: Sequence[SourceElement] = ()

    def __iter__(self) -> Iterator[SourceElement]:
        """The child elements, in document order."""
        return iter(self.children)

    def get(self, name: str, /) -> str | None:
        """An attribute's value, or None."""
        return self.attributes.get(name)

    def all(self, tag: str) -> list[SourceElement]:
        """The child elements of that name, in document order."""
        return [child for child in self.children if child.tag == tag]
