"""Scripts that were written for Tsung take the same way here: the same requests in one order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytsung.config import read_configuration
from tests.wire.cases import Case
from tests.wire.tsung_language import NUMBERED, Verdict, compare
from tests.wire.tsung_wire import document


def test_every_case_is_a_configuration_of_ours() -> None:
    """Without Tsung at hand it can still be seen that the cases mean something."""
    text = document("plain", NUMBERED, {"A": 8881, "B": 8882}, Path("body.bin"))
    sessions = read_configuration(text.encode(), name="test.xml").plan.sessions
    assert [session.name for session in sessions] == [token for token, _ in NUMBERED]
    assert len({case.name for _, case in NUMBERED}) == len(NUMBERED) >= 60


def test_a_difference_is_seen() -> None:
    """A comparison that cannot fail says nothing."""
    plain, fixed = Case("one", ""), Case("two", "", "a fix")
    assert Verdict(plain, ["A/a"], ["A/a"]).fault == ""
    assert Verdict(plain, ["A/a"], ["A/b"]).fault == "Tsung asked for A/a; we for A/b"
    assert Verdict(fixed, ["A/a"], ["A/b"]).fault == ""
    assert "nothing shows the fix" in Verdict(fixed, ["A/a"], ["A/a"]).fault
    assert Verdict(plain, [], []).fault == "Tsung made no request"


@pytest.mark.conformance
def test_sessions_ask_for_the_same() -> None:
    """But for the documented fixes."""
    if shutil.which("tsung") is None:
        pytest.skip("tsung is not installed, nothing is compared with it: apt-get install tsung")
    assert [verdict for verdict in compare() if verdict.fault] == []
