"""The reference promises to be complete: what is missing there does not exist for its readers.

Elements and options of the configuration have a test of their own, in tests/config.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytsung.cli.parser import COMMANDS, LATER
from pytsung.errors import ExitStatus
from tests.docs.pages import NAMES, PAGES, ROOT, prose

REFERENCE = ROOT / "docs/reference"
COMMAND_LINE = (REFERENCE / "command-line.md").read_text("utf-8")

PROGRAMS = {
    "pytsung": ["pytsung"],
    **{f"pytsung {name}": ["pytsung", name] for name in COMMANDS if name != "serve"},
    "pytsung-stats": ["pytsung-stats"],
}


def help_of(words: list[str]) -> str:
    """What a program prints for --help."""
    program, *rest = words
    path = Path(sys.executable).with_name(program)
    done = subprocess.run(
        [path, *rest, "--help"], check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout


def options_in(text: str) -> set[str]:
    """The long options that a text names."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z_-]*", text))


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_every_option_is_in_the_reference(words: list[str]) -> None:
    """--help is made of the parser itself, so nothing escapes."""
    assert options_in(help_of(words)) - options_in(COMMAND_LINE) == set()


def test_every_option_in_the_reference_exists() -> None:
    """A page that promises an option which is refused is worse than none."""
    known = set[str]().union(*(options_in(help_of(words)) for words in PROGRAMS.values()))
    assert options_in(COMMAND_LINE) - known == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_reference(command: str) -> None:
    """The table of commands is the first thing on the page."""
    assert re.search(rf"^\| `{command}[ `]", COMMAND_LINE, re.MULTILINE)


def test_planned_commands_are_named_as_such() -> None:
    """A reader who looks for them learns that they are not there yet."""
    planned = "".join(part for part in COMMAND_LINE.split("\n\n") if "planned" in part)
    assert {word for word in LATER if f"`{word}`" not in planned} == set()
    assert {word for word in COMMANDS if f"`{word}`" in planned} == set()


@pytest.mark.parametrize("status", ExitStatus)
def test_every_exit_status_is_in_the_reference(status: ExitStatus) -> None:
    """Scripts are written by this table."""
    assert f"`{int(status)}`" in COMMAND_LINE.partition("## Exit status")[2]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Links are how the shelves hang together; files are renamed, headings reworded."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        aimed = (page.parent / path).resolve() if path else page
        assert aimed.exists(), target
        if anchor and aimed.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", prose(aimed), re.MULTILINE)
            assert anchor in {anchor_of(heading) for heading in headings}, target


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_is_in_the_index() -> None:
    """A page that nothing leads to is not read."""
    index = (ROOT / "docs/index.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        if name.startswith("docs/") and page.name != "index.md":
            assert f"({name.removeprefix('docs/')})" in index, name
            assert name in readme, name
