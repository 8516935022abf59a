"""What is said of the comparison is counted from comparisons, and 19 of 20 is the limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.compare import Score
from pytsung.report.comparison import Comparison, Row
from pytsung.report.noise import Difference
from pytsung.report.sources import read_run
from tests.report.runs import TEXT

SAME = Difference(1.0, 0.98, 1.02, is_known=True)
SLOWER = Difference(1.1, 1.07, 1.13, is_seen=True, is_known=True)


def comparison(difference: Difference, name: str = "request", unit: str = "time") -> Comparison:
    run = read_run(TEXT)
    return Comparison(run, run, [Row(name, "avg", unit, 0.2, 0.22, difference)])


@pytest.mark.parametrize(("wrong", "is_enough"), [(0, True), (1, True), (2, False)])
def test_one_of_twenty_may_be_wrong(wrong: int, is_enough: bool) -> None:
    """Either way: told apart without a reason, or not found."""
    same, slower = comparison(SAME), comparison(SLOWER)
    false_alarms, missed = Score(), Score()
    for pair in range(20):
        false_alarms.add(slower if pair < wrong else same, slower)
        missed.add(same, same if pair < wrong else slower)
    assert (false_alarms.equal, false_alarms.found) == (20 - wrong, 20)
    assert (missed.equal, missed.found) == (20, 20 - wrong)
    assert false_alarms.is_enough is missed.is_enough is is_enough
    assert ("request avg slower" in false_alarms.table()) is bool(wrong)


@pytest.mark.parametrize(("name", "unit"), [("connect", "time"), ("request", "rate")])
def test_only_slower_requests_are_a_slower_target(name: str, unit: str) -> None:
    """A difference seen in something else is not what was asked for."""
    score = Score()
    score.add(comparison(SAME), comparison(SLOWER, name, unit))
    assert score.found == 0


def test_the_program_says_what_it_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.compare", "--help"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Whether a comparison of real runs can be relied upon." in done.stdout
