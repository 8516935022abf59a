"""The XML of a configuration, parsed once: entities expanded, every element with its place.

The only module that imports lxml. No network, no DTD file, no attribute defaults
from a DTD; entities come from `EntityLibrary` alone; libxml2's own limits on
expansion, depth and text stay on. Must not know what any element means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree

from pytsung.config.element import SourceElement
from pytsung.config.entities import LARGEST_DOCUMENT, EntityError, EntityLibrary
from pytsung.config.syntax import packed_fault, syntax_fault
from pytsung.errors import ConfigurationError, Fault, Place

DEEPEST = 60
"""How deep elements may be nested. Tsung's own DTD needs 4, a session of loops a few more."""

# What an entity's file is wrapped in, so that its elements can be told from the
# others afterwards: libxml2 keeps an element's line, but not its file.
_ENTER = "pytsung-entity"
_LEAVE = "pytsung-entity-end"
_NOTHING = f"<?{_LEAVE}?>"

_LONGEST_TAG = 200
"""Lines that a start tag may spread over and still be found."""

_Tree = Any  # lxml's own classes; its stubs cannot say "element, comment or instruction"


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration as it was read.

    `doctype` is the name and the system identifier of the DOCTYPE, None without
    one. `written_back` is the
    document with entities expanded and the DOCTYPE dropped, UTF-8.
    """

    root: SourceElement
    doctype: tuple[str, str] | None
    written_back: bytes


@dataclass(slots=True)
class _Source:
    """One file that elements come from."""

    name: str
    lines: list[str]


@dataclass(slots=True)
class _Parsing:
    """What the entity resolver leaves behind for the rest of this module."""

    main: _Source
    entity_texts: EntityLibrary
    entities: list[_Source] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def parse(data: bytes, name: str, library: EntityLibrary) -> Document:
    """The document in `data`, which faults call `name`.

    Raises ConfigurationError, with place and cure, for whatever is not a document.
    """
    if len(data) > LARGEST_DOCUMENT:
        raise ConfigurationError(
            [Fault(Place(name), f"more than {LARGEST_DOCUMENT >> 20} MB", "split the test")]
        )
    packed = packed_fault(data, name)
    if packed:
        raise ConfigurationError([packed])
    parsing = _Parsing(_Source(name, _lines(data)), library)
    try:
        root = etree.fromstring(data, _parser(parsing))
    except etree.XMLSyntaxError as error:
        raise ConfigurationError([*parsing.faults, _syntax_fault(error, name)]) from error
    if parsing.faults:
        raise ConfigurationError(parsing.faults)
    tree = root.getroottree()
    subset = tree.docinfo.internalDTD
    doctype = None if subset is None else (str(subset.name), str(subset.system_url or ""))
    converted = _Converter(parsing).convert(root)
    tree.docinfo.clear()
    etree.strip_tags(tree, etree.ProcessingInstruction)
    return Document(
        converted, doctype, etree.tostring(tree, xml_declaration=True, encoding="utf-8")
    )


def _lines(data: bytes) -> list[str]:
    """The lines of a file, to look element names up in: wrong characters do no harm here."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, "replace").split("\n")


def _parser(parsing: _Parsing) -> etree.XMLParser[Any]:
    parser = etree.XMLParser(
        resolve_entities=True,
        no_network=True,
        load_dtd=False,
        attribute_defaults=False,
        dtd_validation=False,
        huge_tree=False,
    )
    parser.resolvers.add(_Resolver(parsing))
    return parser


class _Resolver(etree.Resolver):
    """Answers each external entity from the library, or with nothing and a fault."""

    def __init__(self, parsing: _Parsing) -> None:
        super().__init__()
        self._parsing = parsing

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002 - lxml's
        parsing = self._parsing
        try:
            entity = parsing.entity_texts.read(system_url or "")
        except EntityError as error:
            place = _declared_at(parsing.main, system_url or "")
            parsing.faults.append(Fault(place, str(error), error.cure))
            # Not `resolve_empty`: libxml2 2.14 then opens the file itself.
            return self.resolve_string(_NOTHING, context, base_url=parsing.main.name)
        number = len(parsing.entities)
        parsing.entities.append(_Source(entity.name, entity.text.split("\n")))
        # On the lines of the text itself, so that its line numbers stay.
        wrapped = f"<?{_ENTER} {number}?>{entity.text}<?{_LEAVE}?>"
        return self.resolve_string(wrapped, context, base_url=entity.name)


def _declared_at(source: _Source, system_id: str) -> Place:
    """Where a system identifier is written."""
    for number, line in enumerate(source.lines, 1):
        if system_id and system_id in line:
            return Place(source.name, number)
    return Place(source.name)


def _syntax_fault(error: etree.XMLSyntaxError, name: str) -> Fault:
    """What the parser complained of, in the file where it did."""
    line, column = error.position
    is_entity = error.filename not in (None, "", "<string>")
    place = Place(str(error.filename) if is_entity else name, line or 0, column or 0)
    return syntax_fault(str(error.msg), place)


@lru_cache(maxsize=256)
def _opening(tag: str) -> re.Pattern[str]:
    """The beginning of a start tag as it is written, with any prefix."""
    local = re.escape(etree.QName(tag).localname)
    return re.compile(rf"<(?:[^\s<>/]*:)?{local}(?![\w.:-])")


class _Converter:
    """Turns lxml's tree into `SourceElement`s."""

    def __init__(self, parsing: _Parsing) -> None:
        self._parsing = parsing
        self._sources = [parsing.main]
        self._last = Place(parsing.main.name, 1)
        self._faults: list[Fault] = []

    def convert(self, root: _Tree) -> SourceElement:
        element = self._element(root, DEEPEST)
        if self._faults:
            raise ConfigurationError(self._faults)
        return element

    def _element(self, node: _Tree, depth_left: int) -> SourceElement:
        element = SourceElement(
            node.tag, self._place(node), dict(node.attrib), node.text or "", node.tail or ""
        )
        if depth_left == 0:
            text = f"more than {DEEPEST} elements within each other"
            self._faults.append(Fault(element.place, text, "nest less deeply"))
            return element
        children: list[SourceElement] = []
        for child in node:
            if isinstance(child.tag, str):
                children.append(self._element(child, depth_left - 1))
                continue
            self._follow(child)
            if children:
                children[-1].tail += child.tail or ""
            else:
                element.text += child.tail or ""
        element.children = tuple(children)
        return element

    def _follow(self, node: _Tree) -> None:
        """Step into an entity's file, or out of it."""
        if node.tag is etree.ProcessingInstruction:
            if node.target == _LEAVE and len(self._sources) > 1:
                self._sources.pop()
            elif node.target == _ENTER and (node.text or "").isdecimal():
                number = int(node.text)
                if number < len(self._parsing.entities):
                    self._sources.append(self._parsing.entities[number])

    def _place(self, node: _Tree) -> Place:
        """The place of a start tag. libxml2 gives the line on which the tag *ends*."""
        source = self._sources[-1]
        opening = _opening(node.tag)
        last = min(node.sourceline or 0, len(source.lines))
        for line in range(last, max(last - _LONGEST_TAG, 0), -1):
            if opening.search(source.lines[line - 1]):
                self._last = Place(source.name, line)
                return self._last
        # Written inside an internal entity: as near as can be said is the element before it.
        return self._last
