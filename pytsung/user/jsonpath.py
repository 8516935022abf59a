"""Tsung's JSON paths (manual, "Dynamic variables", jsonpath), on a decoded document.

    path := ['$.'] step { '.' step | '[' step ']' }
    step := key | index from 0 | '*' | '?' key '=' value

Must not know where the text came from, nor what the result is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from pytsung.user.values import Value

_SEPARATORS = re.compile(r"[.\[\]]+")
_FILTER = re.compile(r"\?([^=]+)==?(.*)", re.DOTALL)
_NOTHING = object()

Step = Callable[[Any, "tuple[Step, ...]"], Any]


class JsonPathError(ValueError):
    """A path that means nothing."""


def compile_path(path: str) -> Callable[[Any], Value]:
    """A function from a decoded document to the value there: empty text if there is none.

    Raises JsonPathError.
    """
    text = path.strip().removeprefix("$.")
    parts = [part for part in _SEPARATORS.split(text) if part]
    if not parts or parts[0] == "$":
        raise JsonPathError("it names no key; write $.data.id, say")
    steps = tuple(map(_step, parts))
    return lambda document: value_of(_walk(document, steps))


def value_of(found: Any) -> Value:
    """A decoded JSON value as a variable's value; objects become compact JSON text."""
    if found is _NOTHING:
        return ""
    if found is None:
        return "null"
    if isinstance(found, dict):
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    if isinstance(found, list):
        return [value_of(each) for each in found]
    value: Value = found
    return value


def _walk(value: Any, steps: tuple[Step, ...]) -> Any:
    if not steps or value is _NOTHING:
        return value
    return steps[0](value, steps[1:])


def _step(part: str) -> Step:
    if part == "*":
        return _each
    if part.startswith("?"):
        condition = _FILTER.fullmatch(part)
        if condition is None:
            raise JsonPathError(f"the filter {part} compares nothing; write ?key=value")
        return _filter(condition[1], condition[2])
    if part.isascii() and part.isdigit():
        return _index(int(part))
    if part.startswith("-") and part[1:].isdigit():
        raise JsonPathError(f"the index {part} is negative; indexes count from 0")
    return _key(part)


def _key(name: str) -> Step:
    def take(value: Any, rest: tuple[Step, ...]) -> Any:
        found = value.get(name, _NOTHING) if isinstance(value, dict) else _NOTHING
        return _walk(found, rest)

    return take


def _index(number: int) -> Step:
    def take(value: Any, rest: tuple[Step, ...]) -> Any:
        if isinstance(value, dict):  # a numeric key; Tsung cannot reach those
            return _walk(value.get(str(number), _NOTHING), rest)
        if not isinstance(value, list) or number >= len(value):
            return _NOTHING
        return _walk(value[number], rest)

    return take


def _each(value: Any, rest: tuple[Step, ...]) -> Any:
    """The rest of the path for each element; what has no elements is passed through."""
    if not isinstance(value, list):
        return _walk(value, rest)
    found = [_walk(each, rest) for each in value]
    return ["" if each is _NOTHING else each for each in found]


def _filter(name: str, wanted: str) -> Step:
    """The elements whose `name` is `wanted`: none, the only one, or a list of several.

    An element without the key, or with neither text nor a whole number there, is
    not one of them; Tsung's user crashes there.
    """

    def is_wanted(each: Any) -> bool:
        value = each.get(name) if isinstance(each, dict) else None
        if isinstance(value, bool) or not isinstance(value, str | int):
            return False
        return str(value) == wanted

    def take(value: Any, rest: tuple[Step, ...]) -> Any:
        if not isinstance(value, list):
            return _NOTHING
        found = [_walk(each, rest) for each in value if is_wanted(each)]
        found = [each for each in found if each is not _NOTHING]
        if len(found) > 1:
            return found
        return found[0] if found else _NOTHING

    return take
