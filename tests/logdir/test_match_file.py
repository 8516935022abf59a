"""`match.log` is Tsung's, to the column; dumps lie beside it under Tsung's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.control.records import MatchEvent
from pytsung.errors import LogDirectoryError
from pytsung.logdir.match_file import MatchFile


def test_events_are_lines_and_dumps_are_files(tmp_path: Path) -> None:
    """Six decimals, a number for each dump of the whole test."""
    file = MatchFile(tmp_path)
    first = MatchEvent(2.435073, 1, 1, 2, "nomatch", "tr_home", "welcome")
    file.write([first, MatchEvent(3.41224, 5, 2, 1, "match", "-", "notfound", b"\x00body")], 1.7e9)
    file.write([MatchEvent(4.0, 5, 2, 3, "match", "-", "-", b"")], 1.7e9)
    file.close()
    assert (tmp_path / "match.log").read_text().splitlines() == [
        "# timestamp userid sessionid requestid event transaction name",
        "1700000002.435073 1 1 2 nomatch tr_home welcome",
        "1700000003.412240 5 2 1 match - notfound",
        "1700000004.000000 5 2 3 match - -",
    ]
    assert (tmp_path / "match-5-2-1-1.dump").read_bytes() == b"\x00body"
    assert (tmp_path / "match-5-2-3-2.dump").read_bytes() == b""


def test_a_dump_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Once, as for every other file of the log directory."""
    file = MatchFile(tmp_path)
    (tmp_path / "match-1-1-1-1.dump").mkdir()
    with pytest.raises(LogDirectoryError, match="cannot be written"):
        file.write([MatchEvent(0.0, 1, 1, 1, "match", "-", "-", b"x")], 0.0)
    file.close()
