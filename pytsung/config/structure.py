"""What stands in a configuration that should not, or that is not supported yet.

One walk over the document against `vocabulary` and `unsupported`, before any value
is read; the readers then look only for what they know. Must not know sessions'
protocols: it stops at a protocol's element, and at sessions that nobody can play.
"""

from __future__ import annotations

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.unsupported import rows_for
from pytsung.config.vocabulary import ELEMENTS, PROTOCOL_ELEMENTS, Entry
from pytsung.protocols.registry import Registry

_PROTOCOLS = frozenset(PROTOCOL_ELEMENTS.values())


def check_structure(root: SourceElement, reader: ConfigurationReader, registry: Registry) -> None:
    """Report unknown and unsupported elements, unknown attributes, stray text, odd order."""
    if root.tag != "tsung":
        cure = "start from a <tsung> document"
        if root.tag == "idx-tsunami":
            cure = "convert it to Tsung 1.0's format first"
        elif root.tag.endswith("}tsung"):
            cure = "remove its xmlns"
        reader.fault(root, f"the root element is {_shown(root.tag)}, not <tsung>", cure)
        return
    rooms = frozenset(room.element for room in registry)
    _Structure(reader, registry, _PROTOCOLS | rooms).check(root)


class _Structure:
    def __init__(
        self, reader: ConfigurationReader, registry: Registry, protocols: frozenset[str]
    ) -> None:
        self._reader = reader
        self._registry = registry
        self._protocols = protocols

    def check(self, element: SourceElement) -> None:
        """Check one element that is known to be allowed, then what it holds."""
        entry = ELEMENTS[element.tag]
        self._reader.known(element, entry.attributes)
        if self._unsupported(element) or entry.open:
            return
        if element.tag == "session" and not self._is_playable(element):
            return
        if not entry.with_text:
            self._no_text(element)
        if entry.ordered:
            self._in_order(element, entry)
        for child in element:
            if child.tag in entry.children and child.tag in ELEMENTS:
                self.check(child)
            elif not (element.tag == "request" and child.tag in self._protocols):
                self._misplaced(child, element)

    def _unsupported(self, element: SourceElement) -> bool:
        """Report what is not supported about an element; True if nothing in it matters now."""
        whole = False
        for row in rows_for(element):
            if row.refused:
                text = f"{row.words(element)} is not supported by this version of pytsung"
                self._reader.fault(element, text, row.cure)
            else:
                text = f"{row.words(element)} has no effect in this version of pytsung"
                self._reader.warn(element, text)
            whole = whole or (row.refused and not row.attribute)
        return whole

    def _is_playable(self, session: SourceElement) -> bool:
        """Whether a room plays the session; its content is anybody's guess if none does."""
        kind = (session.get("type") or "").strip().strip("'")
        if not kind or kind in self._registry:
            return True
        if kind in PROTOCOL_ELEMENTS:
            text = f"sessions of type {kind} are not supported by this version of pytsung"
            self._reader.fault(session, text, "remove this one, or use a later version")
        else:
            known = ", ".join(room.session_type for room in self._registry)
            self._reader.fault(session, f"there is no session type {kind}", f"write one of {known}")
        return False

    def _no_text(self, element: SourceElement) -> None:
        pieces = (element.text, *(child.tail for child in element))
        stray = next((piece.strip() for piece in pieces if piece.strip()), "")
        if stray:
            self._reader.warn(element, f"the text “{stray[:30]}” in <{element.tag}> is ignored")

    def _in_order(self, element: SourceElement, entry: Entry) -> None:
        """Warn where Tsung's own document type would refuse the order of the children."""
        furthest = 0
        for child in element:
            if child.tag not in entry.children:
                continue
            position = entry.children.index(child.tag)
            if position < furthest and child.tag not in self._protocols:
                after = entry.children[furthest]
                self._reader.warn(
                    child, f"<{child.tag}> stands after <{after}>; Tsung wants it before"
                )
            furthest = max(furthest, position)

    def _misplaced(self, child: SourceElement, parent: SourceElement) -> None:
        if child.tag in ELEMENTS or child.tag in self._protocols:
            text = f"<{child.tag}> cannot stand in <{parent.tag}>"
        else:
            text = f"there is no element {_shown(child.tag)}"
        self._reader.fault(child, text, "correct its name, or remove it")


def _shown(tag: str) -> str:
    """A tag in words: lxml writes an element's namespace, which none of ours has, before it."""
    namespace, _, name = tag.rpartition("}")
    return f"<{name}> of the namespace {namespace[1:]}" if namespace else f"<{name}>"
