"""What reviewers would otherwise have to look for by hand in every change."""

import ast
import os
import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import pytsung
from pytsung.config import read_configuration

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("pytsung/**/*.py"), *ROOT.glob("server/**/*.py")])
TESTS = sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core"}

ON_AGENT_HOSTS = (
    "agent",
    "control",
    "controller/far_end.py",
    "errors.py",
    "fence.py",
    "plan",
    "protocols",
    "reactor",
    "schedule",
    "stats",
    "user",
)
"""What runs on load hosts, with the Python that they have."""


EXCEPTION = re.compile(
    r"# (?:type: ignore|noqa)(?P<rule>\[[\w-]+\]|: [A-Z]+\d+(?:, ?[A-Z]+\d+)*)?(?P<reason>.*)"
)
"""A rule that is switched off for a line, and why; the line above may say it, too."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


def test_no_file_is_too_long_to_read() -> None:
    """A file over 400 lines holds a second idea, or says in its docstring why it does not."""
    long = {
        name(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > MOST_LINES
    }
    excused = {each for each in long if "long because" in docstring(ROOT / each).lower()}
    assert long - excused == set()


def test_no_name_is_vague() -> None:
    """`utils` says that the idea has not been found yet."""
    words = {name(path): {*path.relative_to(ROOT).with_suffix("").parts} for path in SOURCES}
    assert {path for path, parts in words.items() if parts & VAGUE} == set()


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """The first lines are what a reader decides by whether to read on."""
    if path.read_text("utf-8").strip():
        assert docstring(path), "no docstring"


@pytest.mark.parametrize("path", sorted(ROOT.glob("pytsung/*/__init__.py")), ids=name)
def test_every_package_says_what_it_must_not_know(path: Path) -> None:
    """The second half of a package's docstring is what keeps it small."""
    assert re.search(
        r"must not|knows? (no|nothing|only)|only package", docstring(path), re.IGNORECASE
    )


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name)
def test_every_exception_from_a_rule_has_a_reason(path: Path) -> None:
    """A rule that is switched off without a word is switched off for ever."""
    above = ""
    for line in path.read_text("utf-8").splitlines():
        found = EXCEPTION.search(line)
        if found is not None and '"' not in line[: found.start()]:
            assert found["rule"], line.strip()
            assert "#" in above or re.search(r"\w{3}", found["reason"]), line.strip()
        above = line


@pytest.mark.parametrize("part", ON_AGENT_HOSTS)
def test_what_runs_on_agent_hosts_is_python_3_10(part: str) -> None:
    """Load hosts have the Python of their distribution; Ubuntu 22.04's is 3.10."""
    path = ROOT / "pytsung" / part
    for module in [path] if path.is_file() else path.rglob("*.py"):
        ast.parse(module.read_text("utf-8"), str(module), feature_version=(3, 10))
        newer = re.search(
            r"\b(StrEnum|tomllib|ExceptionGroup|TaskGroup)\b", module.read_text("utf-8")
        )
        assert newer is None, f"{module}: {newer}"


def test_types_are_for_users_too() -> None:
    """Without the marker, no type checker looks into an installed package."""
    assert (ROOT / "pytsung/py.typed").exists()


@pytest.mark.parametrize("command", PROJECT["project"]["scripts"])
def test_every_command_has_its_function(command: str) -> None:
    """A wrong entry point is noticed only when somebody types the command."""
    target = PROJECT["project"]["scripts"][command]
    assert callable(EntryPoint(command, target, "console_scripts").load())


def test_there_is_one_version() -> None:
    """`pytsung --version` and the package index must agree."""
    assert pytsung.__version__ == PROJECT["project"]["version"]


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    """Every change adds a line there."""
    assert re.search(
        r"^## (Unreleased|[0-9]+\.[0-9]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob(".ci/*")), ids=name)
def test_scripts_are_ready_to_run(path: Path) -> None:
    """A lost executable bit breaks the first command that a newcomer types."""
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.xml")), ids=name)
def test_every_example_runs(path: Path) -> None:
    """Examples are copied: no fault, and nothing that needs a warning."""
    assert read_configuration(path).warnings == ()
