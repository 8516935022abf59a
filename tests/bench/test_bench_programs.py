"""A figure in the documentation can be checked by whoever doubts it, so the programs must start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import run

ROOT = Path(__file__).parents[2]
PROGRAMS = (
    "bare_epoll",
    "churn",
    "dashboard",
    "delaying_server",
    "fleet",
    "run",
    *(one.name for one in run.MEASUREMENTS),
)


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
    text = run.section(measurement, "| a | b |\n", "it broke")
    assert text.startswith(f"### {measurement.heading}\n\n| a | b |\n\nit broke\n\n")
    assert "it broke" not in run.section(measurement, "| a | b |\n", "")


def test_sections_that_were_not_measured_again_are_kept() -> None:
    """A single measurement repeated must not cost the page the others."""
    first = run.section(run.MEASUREMENTS[0], "| a |", "")
    second = run.section(run.MEASUREMENTS[1], "| b |", "")
    page = run.replace_figures(f"{run.BEGIN}{run.END}\n### After\n", f"{first}\n\n{second}")
    headings = [measurement.heading for measurement in run.MEASUREMENTS[:2]]
    assert run.sections_of(page) == dict(zip(headings, (first, second), strict=True))
