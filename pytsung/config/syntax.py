"""What an XML parser complains of, with a cure.

The parser's own words say what is wrong, rarely what to do. Must not know lxml.
"""

from __future__ import annotations

import re

from pytsung.errors import Fault, Place

_CURES = (
    ("Document is empty", "write a <tsung> document"),
    ("Start tag expected", "write a <tsung> document"),
    ("amplification", "let entities expand to less"),
    ("entity reference loop", "let no entity contain itself"),
    ("Excessive depth", "nest elements less deeply"),
    ("encoding", "save the file as UTF-8, or name its encoding in the XML declaration"),
    ("not defined", "declare the entity in the DOCTYPE, or write &amp; for an ampersand"),
    ("tag mismatch", "close the element that was opened last first"),
    ("invalid element name", "fill in the template, or write &lt; for a less-than sign"),
    ("Extra content", "keep one root element"),
    ("Premature end", "close every element; is the file cut off?"),
    ("Char 0x", "remove the character"),
    ("declaration allowed only", "remove what stands before <?xml"),
)
"""Words of libxml2, and what helps."""


_ADVICE = re.compile(r",? use XML_PARSE_HUGE option")
"""What libxml2 tells a programmer, not an author of XML."""

_GZIP = b"\x1f\x8b"


def packed_fault(data: bytes, name: str) -> Fault | None:
    """The fault of a file that is no XML yet, only packed."""
    if not data.startswith(_GZIP):
        return None
    return Fault(Place(name), "compressed by gzip", f"unpack it first: gzip -dc {name} > FILE")


def syntax_fault(message: str, place: Place) -> Fault:
    """The fault of a document that is not well-formed; the parser's own place is taken off."""
    words = re.sub(r"\s*,? line \d+, column \d+.*$", "", message, flags=re.DOTALL).strip()
    words = _ADVICE.sub("", words)
    cure = next((cure for known, cure in _CURES if known in words), "correct the XML")
    return Fault(place, f"not well-formed XML: {words or 'nothing that could be read'}", cure)
