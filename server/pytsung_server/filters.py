"""Which payloads a subscription wants: Appwrite's queries, read and evaluated.

    {"method":"equal","attribute":"status","values":["open","new"]}

Allowed are comparisons, tests for null, `and`, `or`, and `select(["*"])`, which
wants everything. Must not know subscriptions or channels.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 32
"""Of `and` within `or` within `and` …; evaluating recurses."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "lessThan": operator.lt,
    "lessThanEqual": operator.le,
    "greaterThan": operator.gt,
    "greaterThanEqual": operator.ge,
}
_LOGICAL = ("and", "or")
_ALLOWED = ("equal", "notEqual", *_COMPARISONS, "isNull", "isNotNull", *_LOGICAL, "select")

SELECT_ALL = '{"method":"select","values":["*"]}'


class QueryError(ValueError):
    """A query cannot be taken; the text is Appwrite's."""


@dataclass(frozen=True, slots=True)
class Query:
    """One condition; the `values` of `and` and `or` are queries, those of others JSON."""

    method: str
    attribute: str
    values: tuple[Any, ...]

    @property
    def wants_everything(self) -> bool:
        """Whether this is `select(["*"])`, the only `select` there is."""
        return self.method == "select"

    def matches(self, payload: Mapping[str, Any]) -> bool:
        """Whether the payload fulfils the condition; one without the attribute does not."""
        if self.method == "and":
            return all(query.matches(payload) for query in self.values)
        if self.method == "or":
            return any(query.matches(payload) for query in self.values)
        if self.attribute not in payload:
            return False
        value = payload[self.attribute]
        match self.method:
            case "equal":
                return any(_is_same(value, wanted) for wanted in self.values)
            case "notEqual":
                return not any(_is_same(value, wanted) for wanted in self.values)
            case "isNull":
                return value is None
            case "isNotNull":
                return value is not None
            case _:
                compare = _COMPARISONS[self.method]
                return any(
                    _are_ordered(value, limit) and compare(value, limit) for limit in self.values
                )


@dataclass(frozen=True, slots=True)
class Filter:
    """All queries of a subscription, which must all match; equal when their texts are.

    Without queries, or with `select(["*"])` among them, it wants everything.
    """

    texts: tuple[str, ...]
    queries: tuple[Query, ...] = field(compare=False, repr=False)

    def matches(self, payload: object) -> bool:
        """Whether an event with this payload is wanted."""
        if not self.queries:
            return True
        return isinstance(payload, Mapping) and all(q.matches(payload) for q in self.queries)


EVERYTHING = Filter((SELECT_ALL,), ())


def read_filter(texts: Iterable[str]) -> Filter:
    """The filter that queries in JSON ask for.

    Raises:
        QueryError: one is no query, or not allowed here.
    """
    texts = tuple(texts)
    if not texts or texts == EVERYTHING.texts:
        return EVERYTHING
    queries = tuple(_read_text(text) for text in texts)
    if any(query.wants_everything for query in queries):
        queries = ()
    return Filter(texts, queries)


def _read_text(text: str) -> Query:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QueryError("Invalid query: Syntax error") from error
    return _read(content, MAX_DEPTH)


def _read(content: object, depth: int) -> Query:
    if not isinstance(content, dict):
        raise QueryError(f"Invalid query. Must be an array, got {_php_type(content)}")
    method = content.get("method", "")
    attribute = content.get("attribute", "")
    values = content.get("values", [])
    if not isinstance(method, str):
        raise QueryError(f"Invalid query method. Must be a string, got {_php_type(method)}")
    if not isinstance(attribute, str):
        raise QueryError(f"Invalid query attribute. Must be a string, got {_php_type(attribute)}")
    if not isinstance(values, list):
        raise QueryError(f"Invalid query values. Must be an array, got {_php_type(values)}")
    if method not in _ALLOWED:
        raise QueryError(
            f"Query method '{method}' is not supported in Realtime queries."
            f" Allowed: {', '.join(_ALLOWED)}"
        )
    if method == "select" and values != ["*"]:
        raise QueryError(
            'Only select("*") is allowed in Realtime queries.'
            ' select("*") means "listen to all events".'
        )
    if method in _LOGICAL:
        if not depth:
            raise QueryError(f"Invalid query: more than {MAX_DEPTH} levels of and, or")
        values = [_read(inner, depth - 1) for inner in values]
    return Query(method, attribute, tuple(values))


def _is_same(one: object, other: object) -> bool:
    """Equal and of one type: in PHP's strict comparison 1, 1.0, "1" and true are four things."""
    return type(one) is type(other) and one == other


def _are_ordered(one: object, other: object) -> bool:
    """Whether < means something: two numbers, or two texts."""
    if isinstance(one, str):
        return isinstance(other, str)
    return _is_number(one) and _is_number(other)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _php_type(value: object) -> str:
    """What PHP's `gettype` calls a value."""
    if value is None:
        return "NULL"
    names = {bool: "boolean", int: "integer", float: "double", str: "string"}
    return names.get(type(value), "array")
