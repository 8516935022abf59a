"""The exit status is what scripts read; of several that apply, the first of the contract's."""

from __future__ import annotations

import pytest

from pytsung.cli.ending import exit_status
from pytsung.controller.outcome import Ending
from pytsung.stats.thresholds import Crossing, Threshold
from pytsung.stats.totals import RunTotals


def crossing(limit: str) -> Crossing:
    return Threshold.parse(limit).check(RunTotals(), 1.0)


CROSSED = crossing("request: count>5")


@pytest.mark.parametrize(
    ("ending", "verdict", "crossings", "status"),
    [
        (Ending.PLAYED, "clean", [], 0),
        (Ending.PLAYED, "degraded", [], 0),
        (Ending.PLAYED, "clean", [CROSSED], 99),
        (Ending.PLAYED, "invalid", [CROSSED], 3),
        (Ending.DURATION, "clean", [], 0),
        (Ending.ABORTED, "degraded", [CROSSED], 99),
        (Ending.FAULT, "invalid", [], 3),
        (Ending.INTERRUPTED, "invalid", [CROSSED], 130),
        (Ending.TERMINATED, "clean", [CROSSED], 143),
    ],
)
def test_the_first_that_applies(
    ending: Ending, verdict: str, crossings: list[Crossing], status: int
) -> None:
    """A signal before a verdict, a verdict before a threshold."""
    assert not CROSSED.kept
    assert exit_status(ending, verdict, crossings) == status
