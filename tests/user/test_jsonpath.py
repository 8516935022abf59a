"""Tsung's own grammar of JSON paths, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.user.jsonpath import JsonPathError, compile_path
from pytsung.user.values import Value

DOCUMENT = json.loads("""{
    "name": "ada", "count": 3, "ratio": 1.5, "yes": true, "nothing": null,
    "data": {"id": 7, "tags": ["x", "y"]},
    "users": [
        {"name": "a", "id": 1, "roles": ["r", "s"]},
        {"name": "b", "id": 2},
        {"name": "b", "id": 3},
        {"other": 1},
        {"name": {"first": "b"}},
        "b"
    ]
}""")

ROWS: list[tuple[str, Value]] = [
    ("name", "ada"),
    ("$.name", "ada"),
    ("count", 3),
    ("ratio", 1.5),
    ("yes", True),
    ("nothing", "null"),
    ("data.id", 7),
    ("$.data[id]", 7),
    ("data.tags", ["x", "y"]),
    ("data.tags[1]", "y"),
    ("data.tags.0", "x"),
    ("data", '{"id":7,"tags":["x","y"]}'),
    ("missing", ""),
    ("data.missing.more", ""),
    ("data.tags[9]", ""),
    ("name[0]", ""),
    ("users[?name=a].id", 1),
    ("users[?name==a].roles[0]", "r"),
    ("users[?id=2].name", "b"),
    ("users[?name=b].id", [2, 3]),
    ("users[?name=z].id", ""),
    ("data.tags[*]", ["x", "y"]),
    ("data.*.id", 7),
]


@pytest.mark.parametrize(("path", "value"), ROWS)
def test_a_path_finds_what_tsung_finds(path: str, value: Value) -> None:
    """Strings, numbers, lists and objects, filters over elements that are not alike."""
    assert compile_path(path)(DOCUMENT) == value


@pytest.mark.parametrize("path", ["", "$", "a[-1]", "a[?b]", "."])
def test_paths_that_crash_tsung_are_refused(path: str) -> None:
    """While the configuration is read, not by every user in turn."""
    with pytest.raises(JsonPathError):
        compile_path(path)


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=10,
)


@given(documents, st.text("ab.[]*?=01", max_size=10))
def test_no_document_is_too_odd(document: Any, path: str) -> None:
    """The target says what it likes."""
    try:
        find = compile_path(path)
    except JsonPathError:
        return
    assert find(document) is not None
