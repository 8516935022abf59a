"""A run that is over is shown as it ended: whole, cut off, or of Tsung's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from pytsung.cli.view import replayed
from pytsung.dashboard.snapshot import snapshot
from pytsung.logdir.run_log import RunLog
from pytsung.report.record import INCOMPLETE
from tests.end_to_end.command import CONNECT, configuration, users
from tests.golden.runs import small_run

GOLDEN = Path(__file__).parents[1] / "golden"


def test_a_run_that_was_killed_is_shown_to_its_last_second(tmp_path: Path) -> None:
    """Nobody judged it, but its seconds are there."""
    log = RunLog(tmp_path, host="h")
    log.save_configuration("t.xml", configuration(7, CONNECT, load=users(40)).encode())
    seconds = list(small_run())
    log.event("start", 1000.0, seed=7)
    for interval in seconds:
        log.interval(interval, {"far": interval}, 1001.0 + interval.index)
    log.close()
    live = replayed(tmp_path)
    now = snapshot(live)
    assert now["verdict"]["status"] == INCOMPLETE
    assert now["elapsed"] == len(seconds)
    assert now["users"]["started"] == sum(interval.users_started for interval in seconds)
    assert [agent["name"] for agent in now["agents"]] == ["far"]
    assert live.events()[1][0]["text"] == "the test begins, seed 7"
    assert live.heading.seed == 7
    assert live.heading.sentence.startswith("40 users arrive at 100/s")
    assert live.timetable.wanted == 40


def test_of_tsungs_own_run_there_are_only_files(tmp_path: Path) -> None:
    """It has no seconds and no verdict: the page leads to the files."""
    shutil.copy(GOLDEN / "tsung-1.7-text.log", tmp_path / "tsung.log")
    live = replayed(tmp_path)
    assert not live.history.points
    assert live.state == "ended"
