"""How a variable's value reads in a request, and when it counts as a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.plan import Comparison
from pytsung.user.values import Value, compare, number_of, text_of
from pytsung.user.variables import Variables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "undefined"),
        ("a", "a"),
        (5, "5"),
        (1.5, "1.5"),  # Tsung: twenty decimals
        (True, "true"),
        (["a", "b"], "ab"),
        ([1, 2], "1,2"),  # Tsung: as characters
        (["a", 1], "a,1"),
        ([], ""),
    ],
)
def test_values_have_a_text(value: Value, text: str) -> None:
    """What a person would write, and Tsung's form where it has a sensible one."""
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", 5.0),
        ("+5", 5.0),
        ("-0.5e1", -5.0),
        (" 7\r", 7.0),
        (7, 7.0),
        ("", None),
        ("x", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        ("1e999", None),
        ("٣", None),
        (10**400, None),
        (True, None),
        ([1], None),
        (None, None),
    ],
)
def test_numbers_are_what_people_write(value: Value, number: float | None) -> None:
    """Python takes more for a number than any configuration means."""
    assert number_of(value) == number


@given(st.text(), st.sampled_from(Comparison), st.text())
def test_any_texts_can_be_compared(left: str, comparison: Comparison, right: str) -> None:
    """A target's answer decides what is compared; no answer may raise."""
    result = compare(left, comparison, right)
    opposite = {Comparison.EQ: Comparison.NEQ, Comparison.GT: Comparison.LTE}.get(comparison)
    if opposite is not None:
        other = compare(left, opposite, right)
        assert (result is None) == (other is None)
        assert result is None or result is not other


def test_variables_get_places_once() -> None:
    """Two names must not share a place; a name has the same one for ever."""
    variables = Variables()
    first, second = variables.slot("a"), variables.slot("b")
    assert (first, second, variables.slot("a")) == (0, 1, 0)
    assert variables.hidden_slot() != variables.hidden_slot()
    assert variables.reference("b").read(["x", "y"]) == "y"


@pytest.mark.parametrize(
    ("name", "value"),
    [("l[1]", "a"), ("l[2]", "b"), ("l[0]", None), ("l[3]", None), ("s[1]", None), ("n[1]", None)],
)
def test_elements_count_from_one(name: str, value: Value) -> None:
    """Out of range, or of no list at all, is unset."""
    variables = Variables()
    values: list[Value] = [["a", "b"], "text"]
    variables.slot("l")
    variables.slot("s")
    assert variables.reference(name).read(values) == value


def test_a_literal_name_wins_over_an_index() -> None:
    """A variable may really be called `x[1]`: names are any text."""
    variables = Variables()
    variables.slot("x")
    variables.slot("x[1]")
    assert variables.reference("x[1]").read([["element"], "literal"]) == "literal"


def test_nothing_was_set_yet() -> None:
    """A user carries no variables until it has one."""
    assert Variables().reference("x").read(None) is None
