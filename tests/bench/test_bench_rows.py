"""Whether each row was used once is said by this arithmetic, on a small file here, too."""

from __future__ import annotations

from array import array
from pathlib import Path

from bench.rows import faults, measure, row


def test_rows_used_twice_and_never_are_counted() -> None:
    """The same number of rows taken says nothing: one twice and one never look like it."""
    assert faults(array("q", [0, 2, 1]), 3) == (0, 0)
    assert faults(array("q", [0, 1, 1, 3]), 4) == (1, 1)
    assert faults(array("q", [2, 2, 2]), 4) == (2, 3)


def test_a_file_is_used_up_exactly_by_all_workers(tmp_path: Path) -> None:
    """Users of four workers take the whole file, to its last row, and nothing else."""
    outcome = measure(tmp_path / "run", rows=4000, workers=4, users=40, turns=100)
    assert faults(outcome.numbers, 4000) == (0, 0)
    assert len(outcome.numbers) == 4000
    assert "| 4,000 | 0 | 0 |" in row("4,000 rows", outcome, 4000)
