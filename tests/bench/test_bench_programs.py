"""A figure in the documentation can be checked by whoever doubts it, so the programs must start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import descriptors, goals, run

ROOT = Path(__file__).parents[2]
PROGRAMS = (
    "bare_epoll",
    "churn",
    "dashboard",
    "delaying_server",
    "descriptors",
    "fleet",
    "run",
    *sorted({one.words[0].removeprefix("bench.") for one in run.MEASUREMENTS}),
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_says_what_it_answers(name: str) -> None:
    command = [sys.executable, "-m", f"bench.{name}", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    source = (ROOT / "bench" / f"{name.replace('.', '/')}.py").read_text()
    question = source.removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())


def test_descriptors_are_held_while_a_command_runs(capfd: pytest.CaptureFixture[str]) -> None:
    """And the exit status is the command's."""
    holders = "/proc/$PPID/task/$PPID/children"
    script = f"for pid in $(cat {holders}); do ls /proc/$pid/fd; done 2>/dev/null | wc -l; exit 3"
    assert descriptors.main(["3000", "--", "sh", "-c", script]) == 3
    said, held = capfd.readouterr().out.splitlines()
    assert said == "3,000 descriptors in 1 processes"
    assert int(held) >= 3000


def test_figures_replace_figures_and_nothing_else() -> None:
    page = f"# Performance\n\nbefore\n\n{run.FIGURES.begin}\nold\n{run.FIGURES.end}\n\nafter\n"
    assert run.FIGURES.text(page) == "\nold\n"
    page = run.FIGURES.fill(page, "new")
    begin, end = run.FIGURES.begin, run.FIGURES.end
    assert page == f"# Performance\n\nbefore\n\n{begin}\n\nnew\n\n{end}\n\nafter\n"


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="markers"):
        run.FIGURES.fill("# Performance\n", "new")


def test_the_page_has_the_markers_that_figures_go_between() -> None:
    run.renew(run.PAGE.read_text(encoding="utf-8"), {})


def test_every_goal_has_a_program_that_is_run() -> None:
    """A goal that nobody measures is forgotten."""
    names = {one.name for one in run.MEASUREMENTS}
    assert {goal.program for goal in goals.GOALS} <= names


@pytest.mark.parametrize("goal", goals.GOALS, ids=lambda goal: str(goal.key))
def test_the_program_of_a_goal_speaks_of_it(goal: goals.Goal) -> None:
    source = (ROOT / "bench" / f"{goal.program.replace('.', '/')}.py").read_text()
    assert f'"{goal.key}"' in source


@pytest.fixture(name="docs")
def _docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Documentation with nothing in it."""
    monkeypatch.setattr(run, "DOCS", tmp_path)
    (tmp_path / "images").mkdir()
    marks = (run.GOALS.begin, run.GOALS.end, run.FIGURES.begin, run.FIGURES.end)
    (tmp_path / "performance.md").write_text("\n".join(marks))
    return tmp_path


def test_a_graph_comes_onto_the_page_from_where_it_was_left(docs: Path) -> None:
    """Log directories are not for the repository, and their paths say nothing there."""
    (docs / "left.svg").write_text("<svg/>")
    measurement = next(one for one in run.MEASUREMENTS if one.name == "million")
    said = f"Machine: this one.\n\n| a |\n\ngraph        {docs / 'left.svg'}\n"
    run.write(docs / "performance.md", measurement, said, "")
    text = (docs / "performance.md").read_text()
    assert (docs / "images" / "million.svg").read_text() == "<svg/>"
    assert "](../images/million.svg)" in text
    assert str(docs) not in text


def test_a_graph_that_was_not_drawn_is_not_shown(docs: Path) -> None:
    """A program that failed has none."""
    measurement = next(one for one in run.MEASUREMENTS if one.name == "growth.users")
    run.write(docs / "performance.md", measurement, "Machine: this one.\n", "It failed.")
    assert "growth-users.svg" not in (docs / "performance.md").read_text()


def test_what_was_measured_comes_onto_the_page_with_its_goals(docs: Path) -> None:
    """Also when programs of a run said something before, and without losing other sections."""
    page = docs / "performance.md"
    (docs / "images" / "growth-users.svg").write_text("<svg/>")
    by_name = {one.name: one for one in run.MEASUREMENTS}
    said = f"Starting Tsung\nMachine: this one.\n\n| a |\n{goals.line('user', 700, '700 B')}\n"
    run.write(page, by_name["memory"], said, "")
    run.write(page, by_name["growth.users"], "Machine: this one.\n\n| b |\n", "")
    text = page.read_text()
    assert list(run.sections_of(text)) == ["Holding a user", "More users"]
    assert "Starting" not in text
    assert "![What a user costs, from 1,000 to a million](../images/growth-users.svg)" in text
    assert "≤ 512 B | 700 B | missed, 1.37 ×" in run.GOALS.text(text)


def test_a_failed_measurement_says_so_beside_its_table() -> None:
    measurement = run.MEASUREMENTS[0]
    text = run.section(measurement, "| a | b |\n", "it broke")
    assert text.startswith(f"### {measurement.heading}\n\n| a | b |\n\nit broke\n\n")
    assert "it broke" not in run.section(measurement, "| a | b |\n", "")


def test_sections_that_were_not_measured_again_are_kept() -> None:
    """A single measurement repeated must not cost the page the others."""
    first = run.section(run.MEASUREMENTS[0], "| a |", "")
    second = run.section(run.MEASUREMENTS[1], "| b |", "")
    empty = f"{run.FIGURES.begin}{run.FIGURES.end}\n### After\n"
    page = run.FIGURES.fill(empty, f"{first}\n\n{second}")
    headings = [measurement.heading for measurement in run.MEASUREMENTS[:2]]
    assert run.sections_of(page) == dict(zip(headings, (first, second), strict=True))
