"""The reference has every element and attribute: what is not written down is not promised."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.config.unsupported import ROWS
from pytsung.config.vocabulary import (
    ELEMENTS,
    PROTOCOL_ELEMENTS,
    TYPED_OPTIONS,
    UNTYPED_OPTIONS,
)
from pytsung.protocols.registry import installed
from pytsung.user.erlang.functions import FUNCTIONS as ERLANG
from pytsung.user.substitution import FUNCTIONS as SUBSTITUTED

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
MARKS = {"same", "same, fixed", "approximated", "ours", "warned", "refused"}


def rows_under(heading: str) -> list[list[str]]:
    """The cells of every table whose first column is called `heading`, without back-ticks."""
    rows: list[list[str]] = []
    inside = False
    for line in PAGE.read_text(encoding="utf-8").split("\n"):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells:
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and cells[0].strip("-"):
            rows.append([cell.strip("`") for cell in cells])
    return rows


def marks(heading: str, key_columns: int, mark_column: int) -> dict[tuple[str, ...], str]:
    return {tuple(row[:key_columns]): row[mark_column] for row in rows_under(heading)}


ATTRIBUTES = marks("element", 2, 2)
OPTIONS = marks("option", 1, 1)
SESSION_TYPES = marks("session type", 1, 1)
SERVER_TYPES = marks("server type", 1, 1)


def test_every_element_and_attribute_has_a_row_and_no_other() -> None:
    """The page and the reader's own table are the same list."""
    known = {(element, "") for element in ELEMENTS}
    known |= {(element, name) for element, entry in ELEMENTS.items() for name in entry.attributes}
    assert set(ATTRIBUTES) == known


def test_every_option_and_type_has_a_row_and_no_other() -> None:
    """The same for what stands in `name` and `type`."""
    assert set(OPTIONS) == {(name,) for name in UNTYPED_OPTIONS}
    assert set(SESSION_TYPES) == {(kind,) for kind in PROTOCOL_ELEMENTS}
    assert {(name, kind) for name, kind, _ in rows_under("typed option")} == {
        (name, kind) for kind, names in TYPED_OPTIONS.items() for name in names
    }


@pytest.mark.parametrize("table", [ATTRIBUTES, OPTIONS, SESSION_TYPES, SERVER_TYPES])
def test_marks_are_those_of_the_page(table: dict[tuple[str, ...], str]) -> None:
    """Six words, each explained at the top."""
    assert table
    assert set(table.values()) <= MARKS


def test_marks_say_what_the_reader_does() -> None:
    """A row of `unsupported` and its mark change together."""
    for row in ROWS:
        mark = "refused" if row.refused else "warned"
        if not row.attribute:
            assert ATTRIBUTES[row.element, ""] == mark
            for name in ELEMENTS[row.element].attributes:
                assert ATTRIBUTES[row.element, name] == mark
        elif row.element == "option":
            assert {OPTIONS[(value,)] for value in row.values} == {mark}
        elif (row.element, row.attribute) == ("server", "type"):
            assert {SERVER_TYPES[(value,)] for value in row.values} == {mark}
    said = {value for row in ROWS if row.element == "option" for value in row.values}
    assert {name for (name,), mark in OPTIONS.items() if mark in ("warned", "refused")} == said


def test_whatever_is_refused_by_value_is_named_in_a_note() -> None:
    """`wait_global`, say: its attribute is read, the value is not."""
    text = PAGE.read_text(encoding="utf-8")
    for row in ROWS:
        for value in row.values:
            assert f"`{value}`" in text or ATTRIBUTES[row.element, row.attribute] == "warned"


def test_session_types_are_marked_by_what_is_installed() -> None:
    """A room that is added takes its row from `refused`."""
    rooms = installed()
    for (kind,), mark in SESSION_TYPES.items():
        assert (mark == "refused") is (kind not in rooms)


def test_the_erlang_that_is_known_is_written_down() -> None:
    """Whoever meets a refusal looks here for what would do."""
    text = PAGE.read_text(encoding="utf-8")
    words = set(text.replace("`", " ").replace(";", " ").split())
    assert set(ERLANG) <= words
    assert {(name,) for name in SUBSTITUTED} == set(marks("function", 1, 1))
