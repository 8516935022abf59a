"""Users come with scripts that were written against Tsung's bytes: ours must be the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytsung.config import read_configuration
from tests.wire.cases import CASES
from tests.wire.recording import Recorded
from tests.wire.tsung_wire import compare, document, documents, judge


def test_every_case_is_a_configuration_of_ours(tmp_path: Path) -> None:
    """Without Tsung at hand it can still be seen that the cases mean something."""
    body = tmp_path / "body.bin"
    body.write_bytes(b"x")
    names = []
    for setting, cases in documents():
        text = document(setting, cases, {"A": 8881, "B": 8882}, body)
        plan = read_configuration(text.encode(), name=setting).plan
        assert [session.name for session in plan.sessions] == [token for token, _ in cases]
        names += [case.name for _, case in cases]
    assert len(set(names)) == len(CASES) >= 40


def test_a_difference_is_seen() -> None:
    """A comparison that cannot fail says nothing."""
    case = next(case for case in CASES if not case.fix)
    fixed = next(case for case in CASES if case.fix)
    one, other = [Recorded("A", b"x")], [Recorded("A", b"y")]
    assert judge(case, one, one, one) == ""
    assert judge(fixed, one, other, one) == ""
    assert "Tsung A b'x', we A b'y'" in judge(case, one, other, one)
    assert "with --tsung-quirks" in judge(case, one, one, other)
    assert "2 requests, we 1" in judge(case, one * 2, one, one * 2)
    assert "nothing shows the fix" in judge(fixed, one, one, one)
    assert judge(case, [], [], []) == "Tsung made no request"


@pytest.mark.conformance
def test_every_byte_is_tsungs() -> None:
    """But for the documented fixes, which `--tsung-quirks` takes back."""
    if shutil.which("tsung") is None:
        pytest.skip("tsung is not installed, nothing is compared with it: apt-get install tsung")
    assert [verdict for verdict in compare() if verdict.fault] == []
