"""Whole configurations beside the plan they must give: the reading as a user sees it.

`tests/cases/NAME.xml` gives the plan in `NAME.json` and, in words, `NAME.txt`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytsung.config import Configuration, read_configuration
from pytsung.control.encoding import Encoder
from pytsung.plan.words import describe
from pytsung.protocols.registry import installed

CASES = Path(__file__).parents[1] / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.xml"))


def read(name: str) -> Configuration:
    return read_configuration(CASES / f"{name}.xml")


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_the_one_beside_it(name: str) -> None:
    """Every field of every part: a default that changes shows here."""
    expected = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    plain = Encoder(installed()).plain(read(name).plan)
    assert json.loads(json.dumps(plain)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_reads_as_the_text_beside_it(name: str) -> None:
    """What `pytsung check` prints is read by people before they load somebody's machine."""
    rooms = installed()
    words = describe(read(name).plan, lambda kind, request: rooms.room(kind).describe(request))
    assert f"{words}\n" == (CASES / f"{name}.txt").read_text(encoding="utf-8")


def test_only_what_is_odd_is_warned_of() -> None:
    """Otherwise the warnings of a run would not be worth reading."""
    found = {name: [warning.text for warning in read(name).warnings] for name in NAMES}
    assert found == {
        "everything": ["<options> stands after <sessions>; Tsung wants it before"],
        "realtime": [],
    }
