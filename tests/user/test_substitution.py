"""Texts of requests are filled for each user: what is no placeholder must survive untouched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.user.substitution import fill, functions_in
from tests.user.stage import Stage, ask

VALUES = {"x": "1", "two words": "2", "x[1]": "first", "nested": "%%_x%%"}


def filled(text: str) -> str:
    return fill(text, lambda name: VALUES.get(name, "undefined"), lambda name: f"<{name}>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a%%_x%%b%%_x%%", "a1b1"),
        ("%%_two words%%", "2"),
        ("%%_x[1]%%", "first"),
        ("%%_unknown%%", "undefined"),
        ("%%_nested%%", "%%_x%%"),  # one pass: results are not looked at again
        ("%%ts_user_server:get_unique_id%%!", "<ts_user_server:get_unique_id>!"),
        ("50%", "50%"),
        ("50%%", "50%%"),  # Tsung drops the rest of the text
        ("a%%foo%%b", "a%%foo%%b"),
        ("%%_x", "%%_x"),
        ("100%%%_x%%", "100%1"),
        ("line\n%%_x%%\n", "line\n1\n"),
    ],
)
def test_a_text_is_filled(text: str, expected: str) -> None:
    """Left to right, and nothing but placeholders changes."""
    assert filled(text) == expected


@given(st.text())
def test_any_text_can_be_filled(text: str) -> None:
    """Payloads are anything at all."""
    result = filled(text)
    if "%%" not in text:
        assert result == text


def test_functions_are_found_for_the_configuration_to_check() -> None:
    """An unknown one is refused before the run, not met in the middle of it."""
    assert functions_in("%%a:b%% %%_c:d%% %%e:f%%") == ["a:b", "e:f"]


def test_a_users_own_texts() -> None:
    """Its number, and an id that no other test has given."""
    names = ("_tsung_userid", "ts_user_server:get_unique_id", "ts_user_server:get_really_unique_id")
    text = " ".join(f"%%{name}%%" for name in names)
    assert Stage((ask(text, substitute=True),)).run() == ["7 7 1700000000-7"]
    assert Stage((ask(text),)).run() == [text]  # only when asked
