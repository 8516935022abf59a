"""A figure in the documentation can be checked by whoever doubts it, so the programs must start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import run

ROOT = Path(__file__).parents[2]
PROGRAMS = ("bare_epoll", "delaying_server", "run", *(one.name for one in run.MEASUREMENTS))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_says_what_it_answers(name: str) -> None:
    command = [sys.executable, "-m", f"bench.{name}", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    source = (ROOT / "bench" / f"{name}.py").read_text()
    question = source.removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())


def test_figures_replace_figures_and_nothing_else() -> None:
    page = f"# Performance\n\nbefore\n\n{run.BEGIN}\nold\n{run.END}\n\nafter\n"
    page = run.replace_figures(page, "new")
    assert page == f"# Performance\n\nbefore\n\n{run.BEGIN}\n\nnew\n\n{run.END}\n\nafter\n"


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="markers"):
        run.replace_figures("# Performance\n", "new")


def test_the_page_has_the_markers_that_figures_go_between() -> None:
    run.replace_figures(run.PAGE.read_text(encoding="utf-8"), "new")


def test_a_failed_measurement_says_so_beside_its_table() -> None:
    measurement = run.MEASUREMENTS[0]
    output = "Machine: mine.\n| a | b |\n"
    text = run.section(measurement, output, succeeded=False)
    assert "mine" not in text
    assert "| a | b |" in text
    assert "failed" in text
    assert "failed" not in run.section(measurement, output, succeeded=True)
