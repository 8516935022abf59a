"""A result that was altered must be found out, whichever figure it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytsung.cli.main import main
from pytsung.report.consistency import MOST, out_of_order
from pytsung.report.sources import read_run
from tests.report.runs import write_run

GROUPS = ("users", "connections", "samples", "counters", "lateness", "loop_lag")
NOT_IN_SECONDS = ("users", "not_started")


def figures(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number below a value, and where it is."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from figures(below, (*path, key))
    else:
        yield path, value


def test_every_figure_that_is_altered_is_found_out(tmp_path: Path) -> None:
    """A p95 that was made half as long is worth more to somebody than a count."""
    path = write_run(tmp_path) / "summary.json"
    text = path.read_text()
    summary = json.loads(text)
    places = [*figures({group: summary[group] for group in GROUPS})]
    assert len(places) > 60
    for place, value in places:
        altered = json.loads(text)
        group = altered
        for key in place[:-1]:
            group = group[key]
        group[place[-1]] = value + 1 if isinstance(value, int) else value * 0.5 + 0.1
        path.write_text(json.dumps(altered))
        faults = read_run(tmp_path).faults
        assert bool(faults) is (place != NOT_IN_SECONDS), place
    path.write_text(text)
    assert read_run(tmp_path).faults == []


@pytest.mark.parametrize("what", ["removed", "swapped", "repeated", "idle one removed"])
def test_seconds_that_are_not_in_their_place_are_found_out(tmp_path: Path, what: str) -> None:
    """The worst second of a run is a line that can be taken out."""
    path = write_run(tmp_path) / "intervals.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    altered = {
        "removed": [*lines[:2], *lines[3:]],
        "swapped": [lines[1], lines[0], *lines[2:]],
        "repeated": [*lines[:2], *lines[1:]],
        "idle one removed": [*lines[:9], *lines[10:]],
    }
    path.write_text("".join(altered[what]))
    assert any("it was altered" in fault for fault in read_run(tmp_path).faults)


@pytest.mark.parametrize(
    ("before", "index", "says"),
    [
        (-1, 0, ""),
        (4, 5, ""),
        (4, 6, "second 5 missing"),
        (4, 8, "seconds 5 to 7 missing"),
        (4, 4, "second 4 stands behind second 4"),
        (4, 2, "second 2 stands behind second 4"),
    ],
)
def test_seconds_follow_each_other(before: int, index: int, says: str) -> None:
    """In words that say which."""
    found = out_of_order(before, index)
    assert found == "" if not says else says in found


def test_a_run_that_was_mixed_with_another_is_told_in_short(tmp_path: Path) -> None:
    """Hundreds of lines would hide the one thing that matters: do not use it."""
    path = write_run(tmp_path) / "summary.json"
    summary = json.loads(path.read_text())
    for name in range(MOST + 5):
        summary["counters"][f"count_{name}"] = 1
    summary["duration"] += 60
    path.write_text(json.dumps(summary))
    *faults, last = read_run(tmp_path).faults
    assert len(faults) == MOST
    assert last == "… and 6 more disagreements"


def test_the_command_says_it_and_ends_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipeline that keeps results checks them by this."""
    path = write_run(tmp_path) / "summary.json"
    summary = json.loads(path.read_text())
    summary["samples"]["request"]["p95"] *= 0.5
    path.write_text(json.dumps(summary))
    assert main(["report", str(tmp_path), "--noplot"]) == 3
    assert "request p95" in capsys.readouterr().err
