"""People grep the controller's log as they did Tsung's: its entries keep that shape."""

import os
from pathlib import Path

from pytsung.logdir.controller_log import ControllerLog
from pytsung.logdir.erlang import format_date


def test_an_entry_has_tsungs_shape(tmp_path: Path) -> None:
    """Blank line, head with the date, source in twenty columns, level and process."""
    log = ControllerLog(tmp_path, "bench", level=5)
    log.note(1795421233.0, 5, "controller", "Start a new arrival phase (36 users)")
    log.close()
    assert (tmp_path / "tsung_controller@bench.log").read_text() == (
        f"\n=INFO REPORT==== {format_date(1795421233.0)} ===\n"
        f"          controller:(5:<0.{os.getpid()}.0>) Start a new arrival phase (36 users)\n"
    )


def test_entries_above_the_level_are_left_out(tmp_path: Path) -> None:
    """`loglevel` filters: notice keeps warnings, and leaves out what is only informative."""
    log = ControllerLog(tmp_path, "bench", level=5)
    for level in (3, 5, 6, 7):
        log.note(0.0, level, "controller", f"level {level}")
    log.close()
    text = (tmp_path / "tsung_controller@bench.log").read_text()
    assert [f"level {n}" in text for n in (3, 5, 6, 7)] == [True, True, False, False]
