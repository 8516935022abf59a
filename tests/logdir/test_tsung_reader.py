"""Logs that real Tsung wrote, read back: a report is worth what was read for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytsung.errors import LogDirectoryError
from pytsung.logdir.blocks import CounterLine, SampleLine
from pytsung.logdir.tsung_reader import read_tsung_log

TEXT = """\
# stats: dump at 1700000010
stats: users 3 5
stats: {cpu,"tsung_controller@node0"} 1 12.5 0 12.5 12.5 0 0
stats: request 2 20.0 10.0 30.0 10.0 0 0
stats: match 14 14
stats: match 5 5
stats: 'error_connect_{tls_alert,a b}' 1 1
stats: connected 3 3
# stats: dump at 1700000020
stats: users 0 5
stats: request 1 50.0 0.0 50.0 10.0 20.0 2
stats: match 10 24
stats: match 1 6
stats: connected -3 0
"""
TRAILER = "EndMonitor:{1700,20,501233}\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tsung.log"
    path.write_text(text)
    return path


def test_a_text_log_gives_its_figures(tmp_path: Path) -> None:
    """The names and numbers that scripts have read for fifteen years."""
    found = read_tsung_log(write(tmp_path, TEXT + TRAILER))
    first, second = found.blocks
    assert (first.at, first.seconds, second.seconds) == (1_700_000_010, 10, 10)
    assert found.started == 1_700_000_000
    assert found.is_complete
    assert first.lines["request"] == SampleLine(2, 20.0, 10.0, 30.0, 10.0, 0, 0)
    assert first.lines['{cpu,"tsung_controller@node0"}'] == SampleLine(1, 12.5, 0, 12.5, 12.5)
    assert second.lines["connected"] == CounterLine(-3, 0)
    assert first.lines["error_connect_{tls_alert,a b}"] == CounterLine(1, 1)


def test_a_name_that_occurs_twice_is_added_up(tmp_path: Path) -> None:
    """Tsung counts matches with an action and matches without under two keys of one name."""
    first, second = read_tsung_log(write(tmp_path, TEXT)).blocks
    assert first.lines["match"] == CounterLine(19, 19)
    assert second.lines["match"] == CounterLine(11, 30)


def test_a_killed_run_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    """Half of 123 is not 12."""
    found = read_tsung_log(write(tmp_path, TEXT + "stats: users_count 12"))
    assert not found.is_complete
    assert "users_count" not in found.blocks[-1].lines
    assert len(found.blocks) == 2


def test_a_block_of_no_time_is_joined_to_the_one_before(tmp_path: Path) -> None:
    """A test that ends on a block's second leaves two of them; the last figures must not go."""
    extra = (
        "# stats: dump at 1700000020\nstats: users 1 6\n"
        "stats: request 1 110.0 0.0 110.0 10.0 30.0 3\nstats: match 2 8\n"
    )
    first, last = read_tsung_log(write(tmp_path, TEXT + extra + TRAILER)).blocks
    assert first.lines["request"].count == 2  # type: ignore[union-attr] # a sample, as above
    assert last.lines["request"] == SampleLine(2, 80.0, 30.0, 110.0, 10.0, 20.0, 2)
    assert last.lines["users"] == CounterLine(1, 6)
    assert last.lines["connected"] == CounterLine(-3, 0)


JSON = """\
{
 "stats": [
 {"timestamp": 1700000000,  "samples": []},
 {"timestamp": 1700000010,  "samples": [   {"name": "users", "value": 2, "max": 4},\
 {"name": "cpu", "hostname": "node0", "value": 1, "mean": 4.5,"stddev": 0,"max": 4.5,"min": 4.5\
 ,"global_mean": 0 ,"global_count": 0}, {"name": "http_200", "value": 5, "total": 5},\
 {"name": "connected", "value": -1, "max": 2}]},
 {"timestamp": 1700000013,  "samples": [   {"name": "users", "value": 0, "max": 4}"""


def test_a_json_log_gives_the_same_as_text(tmp_path: Path) -> None:
    """Two backends of one program; the report is to know neither."""
    found = read_tsung_log(write(tmp_path, JSON + "]}]}\n"))
    first, last = found.blocks
    assert (found.started, first.seconds, last.seconds) == (1_700_000_000, 10, 3)
    assert found.is_complete
    assert first.lines["200"] == CounterLine(5, 5)
    assert first.lines["connected"] == CounterLine(-1, 2)
    assert first.lines['{cpu,"node0"}'] == SampleLine(1, 4.5, 0, 4.5, 4.5)


def test_a_json_log_that_was_cut_off_is_still_read(tmp_path: Path) -> None:
    """Tsung leaves the document open when it is killed: no JSON parser takes that."""
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(JSON)
    found = read_tsung_log(write(tmp_path, JSON))
    assert [block.at for block in found.blocks] == [1_700_000_010]
    assert not found.is_complete


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    """A mistyped path must not become an empty report."""
    with pytest.raises(LogDirectoryError, match=r"tsung\.log: not a statistics file"):
        read_tsung_log(write(tmp_path, "root:x:0:0\n"))
    with pytest.raises(LogDirectoryError, match="cannot be read"):
        read_tsung_log(tmp_path / "none.log")
