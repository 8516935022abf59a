"""An example in the documentation is the first thing that a reader copies, so each one is run."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytsung.cli import arguments
from pytsung.cli.parser import COMMANDS
from tests.docs.pages import NAMES, PAGES, ROOT, blocks, commands
from tests.packages import declare

TARGETS = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
OWN_OPTIONS = set(COMMANDS) - {"start", "check"}
"""Commands that read their own options."""

CUT = "…"
"""A line of an example's output that stands for any number of lines."""


def all_commands(page: Path) -> Iterator[list[str]]:
    """The words of every command on a page that is our own."""
    for block in blocks(page):
        for command, _ in commands(block):
            yield shlex.split(command, comments=True)


def written_files(page: Path, directory: Path) -> None:
    """The blocks of a page that have a title, as files; and the examples beside them.

    A project among them is declared as `pip install` would, for the directory is imported from.
    """
    (directory / "examples").symlink_to(ROOT / "examples")
    for block in blocks(page):
        if block.title:
            (directory / block.title).write_text(block.text, "utf-8")
        if block.title == "pyproject.toml":
            declare(directory, tomllib.loads(block.text)["project"])


def python_path(directory: Path) -> str:
    """What a page's commands are run with."""
    return f"{ROOT}:{ROOT / 'server'}:{directory}"


def matches(expected: list[str], printed: list[str]) -> bool:
    """Whether the lines are those, where CUT stands for any."""
    parts = ["(?:.*\n)*" if line == CUT else re.escape(line) + "\n" for line in expected]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in printed)) is not None


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_is_understood(page: Path) -> None:
    """An option that is not there any more is found here, before a reader finds it."""
    for words in all_commands(page):
        if words[0] == "pytsung" and not set(words) & OWN_OPTIONS:
            arguments.parse(words[1:], {})
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_checks_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """`pytsung check` needs nothing but the file, so its whole output is compared."""
    written_files(page, tmp_path)
    environment = {**os.environ, "PYTHONPATH": python_path(tmp_path), "COLUMNS": "100"}
    for block in blocks(page):
        for command, expected in commands(block):
            words = shlex.split(command, comments=True)
            if words[0] != "pytsung" or "check" not in words or not expected:
                continue
            done = subprocess.run(
                [sys.executable, "-m", "pytsung", *words[1:]],
                cwd=tmp_path,
                env=environment,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=30,
            )
            printed = [line.rstrip() for line in done.stdout.splitlines()]
            assert matches([line.rstrip() for line in expected], printed), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_xml_is_well_formed(page: Path) -> None:
    """Fragments are copied into configurations; one that does not parse is of no use there."""
    for block in blocks(page):
        if block.language == "xml" and not block.text.startswith("<?xml"):
            ET.fromstring(f"<fragment>{block.text}</fragment>")
