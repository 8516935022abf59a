"""An answer, and the values that variables take from it.

What an answer is made of is worked out once, and only when somebody asks: its body,
its JSON, its tree. Must not know matches, nor what the values are for.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from pytsung.plan import Extraction, Search
from pytsung.stats import Recorder
from pytsung.user.content import text_of_bytes
from pytsung.user.jsonpath import JsonPathError, compile_path
from pytsung.user.pcre import compile_pattern
from pytsung.user.values import UNDEFINED, Value

_BLANK_LINE = b"\r\n\r\n"
_FAILED = object()

_ENTITIES = re.compile("&(?:amp|lt|gt|quot|apos);")


class UnreadableError(Exception):
    """The answer is not what a variable needs; `counter` is raised, the variable stays."""

    def __init__(self, counter: str) -> None:
        super().__init__(counter)
        self.counter = counter


class Answer:
    """A complete answer: for HTTP its head, an empty line and the decoded body."""

    __slots__ = ("_json", "_page", "_recorder", "data")

    def __init__(self, data: bytes, recorder: Recorder) -> None:
        self.data = data
        self._recorder = recorder
        self._json: Any = None
        self._page: Any = None  # a Page, once there is one

    @property
    def body(self) -> bytes:
        """What follows the first empty line; all of it if there is none."""
        _, found, body = self.data.partition(_BLANK_LINE)
        return body if found else self.data

    @property
    def json(self) -> Any:
        """The decoded body. Raises UnreadableError."""
        if self._json is None:
            try:
                self._json = [json.loads(text_of_bytes(self.body))]
            except (ValueError, RecursionError):
                self._recorder.count("error_json_unparsable")
                self._json = _FAILED
        if self._json is _FAILED:
            raise UnreadableError("error_json_not_parsed")
        return self._json[0]

    @property
    def page(self) -> Any:
        """The body's tree, a `pages.Page`. Raises UnreadableError."""
        from pytsung.user import pages  # noqa: PLC0415 - most sessions never need it

        if self._page is None:
            try:
                self._page = pages.parse_page(text_of_bytes(self.body))
            except (pages.PageError, RecursionError):
                self._recorder.count("error_xml_unparsable")
                self._page = _FAILED
        if self._page is _FAILED:
            raise UnreadableError("error_xml_not_parsed")
        return self._page

    def header(self, name: str) -> str | None:
        """The value of a header field, repeated ones joined with `, `; None if absent."""
        head = self.data.partition(_BLANK_LINE)[0]
        values = []
        for line in head.split(b"\r\n")[1:]:
            field, colon, value = line.partition(b":")
            if colon and field.strip().lower() == name.lower().encode():
                values.append(text_of_bytes(value.strip()))
        return ", ".join(values) if values else None


class Reader(Protocol):
    """The user for whom values are taken."""

    def fill(self, text: str) -> str:
        """A text with its variables in it."""
        ...

    def read(self, name: str) -> Value:
        """The value of a variable."""
        ...


Take = Callable[[Answer, Reader], Value]
"""Takes a value out of an answer. Raises UnreadableError."""


def compile_extraction(extraction: Extraction) -> Take:
    """How a variable gets its value; for expressions that were checked before."""
    return _COMPILERS[extraction.search](extraction)


def _regexp(extraction: Extraction) -> Take:
    """The text of the first group: empty without a match, or without a group."""
    pattern = compile_pattern(extraction.expression)
    has_group = pattern.groups > 0

    def take(answer: Answer, _: Reader) -> Value:
        match = pattern.search(answer.data)
        if match is None or not has_group:
            return ""
        text = text_of_bytes(match[1] or b"")
        if not extraction.decode_entities:
            return text
        return _ENTITIES.sub(lambda entity: html.unescape(entity[0]), text)

    return take


def _xpath(extraction: Extraction) -> Take:
    from pytsung.user.pages import compile_xpath  # noqa: PLC0415 - most sessions never need it

    find = compile_xpath(extraction.expression)
    return lambda answer, _: find(answer.page)


def _jsonpath(extraction: Extraction) -> Take:
    if not extraction.substitute or "%%" not in extraction.expression:
        find = compile_path(extraction.expression)
        return lambda answer, _: find(answer.json)

    def take(answer: Answer, user: Reader) -> Value:
        document = answer.json
        try:
            return compile_path(user.fill(extraction.expression))(document)
        except JsonPathError:
            return ""

    return take


def _header(extraction: Extraction) -> Take:
    name, _, parameter = extraction.expression.partition("/")
    if not parameter:
        return lambda answer, _: answer.header(name) or UNDEFINED
    is_challenge = name.lower() in ("www-authenticate", "authentication-info")

    def take(answer: Answer, user: Reader) -> Value:
        value = answer.header(name) or ""
        parts = value.partition(" ")[2].split(",") if is_challenge else value.split(";")[1:]
        for part in parts:
            key, equals, text = part.partition("=")
            if equals and key.strip().lower() == parameter.lower():
                return text.strip().strip('"')
        before = user.read(extraction.variable)
        return "" if before is None else before

    return take


_COMPILERS: dict[Search, Callable[[Extraction], Take]] = {
    Search.REGEXP: _regexp,
    Search.XPATH: _xpath,
    Search.JSONPATH: _jsonpath,
    Search.HEADER: _header,
}
