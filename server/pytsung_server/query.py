"""Query strings by PHP's rules, which Appwrite's clients rely on.

`channels[]=a&channels[]=b` is a list, `filter[a][b]=c` nests, `a.b=c` becomes
`a_b`. Must not know what the parameters mean.
"""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import unquote_plus

MAX_VARIABLES = 1000
MAX_DEPTH = 64
"""PHP's `max_input_vars` and `max_input_nesting_level`."""

Key = str | int
Value: TypeAlias = "str | Parameters"
Parameters: TypeAlias = dict[Key, Value]
"""A PHP array: insertion order is kept, digits are integer keys."""


def parse_query(query: str) -> Parameters:
    """The parameters of a query string (without its `?`).

    Never raises: like PHP it makes something of everything. Bytes that are not
    UTF-8 become U+FFFD.
    """
    parameters: Parameters = {}
    for piece in query.split("&")[:MAX_VARIABLES]:
        name, _, value = piece.partition("=")
        path = _path(unquote_plus(name))
        if path and len(path) <= MAX_DEPTH:
            _store(parameters, path, unquote_plus(value))
    return parameters


def scalars(value: Value) -> list[str]:
    """The plain values of a list or map, in order, each once; nested ones are dropped."""
    if isinstance(value, str):
        return [value]
    return list(dict.fromkeys(item for item in value.values() if isinstance(item, str)))


def _path(name: str) -> list[str]:
    """`a.b[c][]` as `["a_b", "c", ""]`; empty when there is no name."""
    name = name.lstrip(" ")
    base, bracket, rest = name.partition("[")
    base = base.replace(".", "_").replace(" ", "_")
    if not bracket:
        return [base] if base else []
    if not base or "]" not in rest:
        # An unclosed bracket is an underscore to PHP, a leading one too.
        plain = f"{base}_{rest}".replace(".", "_").replace(" ", "_")
        return [plain]
    path = [base]
    while True:
        key, closed, rest = rest.partition("]")
        if not closed:
            return path
        path.append(key)
        if not rest.startswith("["):
            return path
        rest = rest[1:]


def _store(parameters: Parameters, path: list[str], value: str) -> None:
    for name in path[:-1]:
        key = _key(parameters, name)
        inner = parameters.get(key)
        if isinstance(inner, dict):
            parameters = inner
        else:
            nested: Parameters = {}
            parameters[key] = nested
            parameters = nested
    parameters[_key(parameters, path[-1])] = value


def _key(parameters: Parameters, name: str) -> Key:
    """The key that `name` means in an array: digits are numbers, nothing is the next number."""
    if not name:
        return 1 + max((key for key in parameters if isinstance(key, int)), default=-1)
    is_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
    return int(name) if is_number and len(name) < 19 else name
