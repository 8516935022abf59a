"""Every user's data is a row of such a file: a row more or less shifts those of all others."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.control.rows import Rows


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a;1\nb;2\n", ["a;1", "b;2"]),
        (b"a\n\nb\n\n\n", ["a", "", "b"]),
        (b"\na", ["", "a"]),
        (b"a\r\nb", ["a", "b"]),
        (b"a\r\n\r\n", ["a"]),
        ("ä\nß".encode(), ["ä", "ß"]),
        (b"\xe4\n\xc3\xa4", ["ä", "Ã¤"]),
        (b"", []),
        (b"\n\n", []),
    ],
)
def test_rows_are_tsungs_lines(data: bytes, lines: list[str]) -> None:
    """Empty lines count, but for those at the end; there is no header and no quoting."""
    assert list(Rows(data)) == lines


@given(st.text(st.sampled_from("a\r\nä"), max_size=40))
def test_rows_are_what_splitting_gives(text: str) -> None:
    """The plain way, which needs a text for each row, is the definition."""
    expected = [line.removesuffix("\r") for line in text.split("\n")]
    while expected and not expected[-1]:
        expected.pop()
    rows = Rows(text.encode())
    assert list(rows) == expected
    assert rows[:] == expected
    assert [rows[number - len(rows)] for number in range(len(rows))] == expected


def test_there_is_no_row_beyond_the_last() -> None:
    """A row that is not there must not become an empty one."""
    with pytest.raises(IndexError):
        Rows(b"a\nb")[2]


def test_a_row_costs_eight_bytes() -> None:
    """A file of a million rows stays about as large as it is."""
    rows = Rows(b"user;password\n" * 100_000)
    assert len(rows) == 100_000
    assert sys.getsizeof(rows._ends) < 8.8 * 100_000
