"""HTML as a tree, and XPath on it (Tsung manual, "Dynamic variables", xpath).

Lenient like Tsung's own parser: names in lower case, what is not closed is closed,
and nothing is implied (a table has no `tbody` that its text lacks; a browser adds
one). Pure Python, so that a variable never depends on what a load host has
installed. Imported only where a session uses XPath. Must not know users.
"""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import elementpath
from elementpath.exceptions import ElementPathError
from elementpath.xpath1 import XPath1Parser

from pytsung.user.values import Value

Page = ET.ElementTree

_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    }
)
"""Elements that are never closed (HTML standard, "Void elements")."""

_CLOSED_BY: dict[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "p": frozenset({"p"}),
}
"""Open elements that a new one of this name closes, if they are innermost."""


class PageError(ValueError):
    """No page, or no path."""


def compile_xpath(path: str) -> Callable[[Page], Value]:
    """A function from a page to what a path finds there: a list, or a function's value.

    Elements become their text; nothing found is an empty text. Raises PageError.
    """
    try:
        selector = elementpath.Selector(path, parser=XPath1Parser)
    except ElementPathError as error:
        raise PageError(str(error)) from error

    def find(page: Page) -> Value:
        try:
            found = selector.select(page)
        except (ElementPathError, ArithmeticError, TypeError, ValueError):
            return ""
        if isinstance(found, list):
            return [_plain(each) for each in found] or ""
        return _plain(found)

    return find


def _plain(found: object) -> Value:
    if isinstance(found, ET.Element):
        return "".join(found.itertext())
    if isinstance(found, bool | int | str):
        return found
    if isinstance(found, float):
        return int(found) if found.is_integer() else found
    return str(found)


def parse_page(text: str) -> Page:
    """The tree of a page. Raises PageError for what has no element at all."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    roots = list(builder.top)
    if not roots:
        raise PageError("there is no element in it")
    return ET.ElementTree(roots[0] if len(roots) == 1 else builder.top)


class _Builder(HTMLParser):
    """Builds the tree; `top` stands around what the page has at its outermost."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = ET.Element("html")
        self._open = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        closed = _CLOSED_BY.get(tag, frozenset())
        while len(self._open) > 1 and self._open[-1].tag in closed:
            self._open.pop()
        attributes = {name: value or "" for name, value in attrs}
        element = ET.SubElement(self._open[-1], tag, attributes)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        parent = self._open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        elif parent is not self.top:
            parent.text = (parent.text or "") + data
