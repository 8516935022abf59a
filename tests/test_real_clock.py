"""Second chances hide faults when too many tests have them, and when nobody sees them used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real_clock import DIRECTORIES, Lanes, directory_of

ROOT = Path(__file__).parents[1]
TEST = """
from pathlib import Path

def test_one():
    tried = Path(__file__ + ".tried")
    if not tried.exists():
        tried.touch()
        assert not "too late"

def test_other():
    assert "well"
"""


def run(directory: Path, *words: str) -> str:
    """What pytest says of a test that fails the first time, with this project's own set-up."""
    for name in ("conftest.py", "real_clock.py"):
        (directory / "tests").mkdir(exist_ok=True)
        (directory / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    (directory / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def write_test(directory: Path, place: str) -> None:
    path = directory / place / "test_first_try.py"
    path.parent.mkdir(parents=True)
    path.write_text(TEST)


@pytest.mark.parametrize("words", [(), ("-n", "1")])
def test_a_second_try_is_told_with_its_reason(words: tuple[str, ...], tmp_path: Path) -> None:
    """Whoever reads the result sees what was flaky, or it would stay so."""
    write_test(tmp_path, DIRECTORIES[0])
    said = run(tmp_path, *words)
    name = f"{DIRECTORIES[0]}/test_first_try.py::test_one"
    assert f"passed on the second try: {name} (call failed: AssertionError: " in said
    assert "2 passed, 1 rerun" in said


def test_elsewhere_a_failure_is_a_failure(tmp_path: Path) -> None:
    """A test that needs no clock has no excuse."""
    write_test(tmp_path, "tests/stats")
    said = run(tmp_path)
    assert "1 failed, 1 passed" in said
    assert "second try" not in said


def test_each_directory_is_one_lane() -> None:
    """Two tests of one lane never run at once; the others are spread by file."""
    lanes = {
        "tests/fleet/test_ways.py::test_a[1::2]": "tests/fleet",
        "tests/fleet/test_losses.py::test_b": "tests/fleet",
        "tests/end_to_end/test_a_run.py::test_c": "tests/end_to_end",
        "tests/stats/test_totals.py::test_d[x]": "tests/stats/test_totals.py",
    }
    scheduler = object.__new__(Lanes)  # a running xdist makes it otherwise
    assert {name: scheduler._split_scope(name) for name in lanes} == lanes
    assert directory_of("tests/fleeting/test_x.py::test") == ""
