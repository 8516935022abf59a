"""PHP's reading of query strings, which clients of all ages count on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.query import MAX_VARIABLES, Parameters, parse_query, scalars


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a&b=", {"a": "", "b": ""}),
        ("=1&&a=1", {"a": "1"}),
        ("a=b%20c+d%2Bf=g", {"a": "b c d+f=g"}),
        ("a=%C3%A4&b=%ff", {"a": "ä", "b": "\N{REPLACEMENT CHARACTER}"}),
        ("channels[]=a&channels[]=b", {"channels": {0: "a", 1: "b"}}),
        ("channels%5B%5D=a&channels%5b%5d=b", {"channels": {0: "a", 1: "b"}}),
        ("c[0]=a&c[7]=b&c[]=c", {"c": {0: "a", 7: "b", 8: "c"}}),
        ("c[07]=a&c[x]=b&c[]=c", {"c": {"07": "a", "x": "b", 0: "c"}}),
        ("c[0][]=a&c[0][]=b", {"c": {0: {0: "a", 1: "b"}}}),
        ("c=1&c[]=2", {"c": {0: "2"}}),
        ("c[]=2&c=1", {"c": "1"}),
        ("a.b c=1", {"a_b_c": "1"}),
        ("a.b[c.d]=1", {"a_b": {"c.d": "1"}}),
        ("a[b=1", {"a_b": "1"}),
        ("[b]=1", {"_b]": "1"}),
        ("a[b]c=1", {"a": {"b": "1"}}),
        ("a[b][c=1", {"a": {"b": "1"}}),
    ],
)
def test_it_reads_as_php_does(query: str, parameters: Parameters) -> None:
    """Each row is an answer of PHP's parse_str."""
    assert parse_query(query) == parameters


def test_it_stops_where_php_stops() -> None:
    """Or one URL could cost seconds: a thousand variables, 64 levels."""
    many = "&".join(f"a{number}=1" for number in range(MAX_VARIABLES + 10))
    assert len(parse_query(many)) == MAX_VARIABLES
    assert parse_query("a" + "[b]" * 64 + "=1") == {}
    assert parse_query("a" + "[b]" * 63 + "=1") != {}


def test_the_values_of_a_list_are_taken_once_and_in_order() -> None:
    """Only values name channels; keys and nested lists do not."""
    parameters = parse_query("c[3]=b&c[]=a&c[]=b&c[x][]=nested&c[]=")
    assert scalars(parameters["c"]) == ["b", "a", ""]


@given(st.text(alphabet="ab[]=&.%5D+ 019", max_size=60))
def test_it_makes_something_of_everything(query: str) -> None:
    """URLs come from anybody."""
    for value in parse_query(query).values():
        assert isinstance(value, (str, dict))
