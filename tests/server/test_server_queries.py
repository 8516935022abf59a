"""Queries and the slots that URLs put them in, beyond what Appwrite's own tests try."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.filters import EVERYTHING, QueryError, read_filter
from pytsung_server.query import parse_query
from pytsung_server.url_subscriptions import read_slots

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Invalid query: Syntax error"),
        ("nonsense", "Invalid query: Syntax error"),
        ("[" * 10_000, "Invalid query: Syntax error"),
        ("5", "Invalid query. Must be an array, got integer"),
        ("null", "Invalid query. Must be an array, got NULL"),
        ('{"method":5}', "Invalid query method. Must be a string, got integer"),
        ('{"method":"equal","attribute":[]}', "Invalid query attribute. Must be a string"),
        ('{"method":"equal","attribute":"a","values":1.5}', "Invalid query values. Must be an"),
        ("{}", "Query method '' is not supported"),
        ('{"method":"select","values":["name"]}', 'Only select("*") is allowed'),
        ('{"method":"or","values":[{"method":"search"}]}', "Query method 'search' is not"),
        ('{"method":"and","values":["x"]}', "Invalid query. Must be an array, got string"),
        ('{"method":"and","values":[' * 40 + "]}" * 40, "Invalid query: more than 32 levels"),
    ],
)
def test_what_is_no_query_is_refused_in_appwrites_words(query: str, text: str) -> None:
    """SDKs show the text to whoever wrote the query."""
    with pytest.raises(QueryError) as refused:
        read_filter([query])
    assert str(refused.value).startswith(text)


@given(query=JSON, payload=JSON)
def test_no_query_and_no_payload_is_a_fault_of_ours(query: Any, payload: Any) -> None:
    """Both come from outside: a query is taken or refused, a payload matches or does not."""
    try:
        wanted = read_filter([json.dumps(query)])
    except QueryError:
        return
    assert wanted.matches(payload) in (True, False)


@given(
    method=st.sampled_from(["equal", "notEqual", "lessThan", "greaterThanEqual", "isNull"]),
    values=st.lists(JSON, max_size=3),
    payload=st.fixed_dictionaries({"a": JSON}),
)
def test_any_values_can_be_compared_with_any(
    method: str, values: list[Any], payload: dict[str, Any]
) -> None:
    """A number beside a list, a text beside nothing: no match, no fault."""
    query = json.dumps({"method": method, "attribute": "a", "values": values})
    assert read_filter([query]).matches(payload) in (True, False)


def test_filters_are_the_same_when_their_texts_are() -> None:
    """That is how clients with equal filters come to share one."""
    text = '{"method":"equal","attribute":"a","values":[1]}'
    assert read_filter([text]) == read_filter([text])
    assert hash(read_filter([text])) == hash(read_filter([text]))
    assert read_filter([text]) != read_filter([text, text])
    assert read_filter([]) is EVERYTHING


def slots(query: str) -> dict[Any, tuple[str, ...]]:
    """The channels in each slot."""
    parameters = parse_query(query)
    names = parameters["channels"]
    assert isinstance(names, dict)
    found = read_slots([str(name) for name in names.values()], parameters)
    return {slot: subscription.channels for slot, subscription in found.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("channels[]=a&channels[]=b", {0: ("a", "b")}),
        ("channels[]=a&channels[]=b&b[1][]=Q", {0: ("a",), 1: ("b",)}),
        ("channels[]=a&channels[]=b&a[0][]=Q&b[0][]=Q", {0: ("a", "b")}),
        ("channels[]=a&a=Q", {0: ("a",)}),
        ("channels[]=a&a[]=Q&a[]=Q", {0: ("a",), 1: ("a",)}),
        ("channels[]=a.b&a.b[2][]=Q", {2: ("a.b",)}),
        ("channels[]=a.b&a_b[x][]=Q", {"x": ("a.b",)}),
        ("channels[]=project&project=p", {0: ("project",)}),
        ("channels[]=project&project[3][]=Q", {3: ("project",)}),
    ],
)
def test_slots(query: str, expected: dict[Any, tuple[str, ...]]) -> None:
    """Each SDK since 24 writes them, and dots are underscores to PHP."""
    wanted = "%7B%22method%22:%22isNull%22,%22attribute%22:%22a%22%7D"
    assert slots(query.replace("Q", wanted)) == expected


@pytest.mark.parametrize("query", ["a[0][]=x", "a[0][x][y]=z", "a=x", "a[]=", "a[0][]=1"])
def test_what_stands_in_a_slot_and_is_no_query(query: str) -> None:
    """It is refused, and not taken for no filter at all."""
    with pytest.raises(QueryError):
        slots(f"channels[]=a&{query}")
