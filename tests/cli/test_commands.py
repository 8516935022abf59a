"""Each command is there, and none pays for what the others need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytsung.cli.commands import OF_A_PLAN, OF_A_RUN, OF_RECORDS, command_word, load
from pytsung.cli.parser import COMMANDS

PLACES = {**OF_A_PLAN, **OF_A_RUN, **OF_RECORDS}

HEAVY = (
    *("asyncssh", "cattrs", "elementpath", "h11", "hdrh", "hypercorn", "jinja2", "lxml"),
    *("matplotlib", "numpy", "plotly", "rich", "starlette", "trio_websocket", "wsproto"),
    *("pytsung.config", "pytsung.controller", "pytsung.report"),
)
"""What makes a start slow: libraries, and the parts of pytsung that stand on them."""


def modules_after(*words: str) -> set[str]:
    """All modules that a command has loaded when it ends."""
    code = (
        "import sys\nfrom pytsung.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    line = [sys.executable, "-c", code, *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


def heavy(modules: set[str]) -> set[str]:
    return {name for name in HEAVY if name in modules}


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("strat",)])
def test_help_is_there_at_once(words: tuple[str, ...]) -> None:
    """Who asks for help, or has made a slip, is waiting."""
    modules = modules_after(*words)
    assert "pytsung.cli.main" in modules
    assert not heavy(modules)
    assert "trio" not in modules


@pytest.mark.parametrize("command", ["status", "stop"])
def test_asking_a_run_loads_nothing_to_draw_with(command: str) -> None:
    """Scripts poll the status; all that it takes is a socket."""
    assert not heavy(modules_after(command))


def test_check_loads_neither_reports_nor_a_terminal() -> None:
    """An editor may run it at each change of a file."""
    modules = modules_after("check", "examples/bench.xml")
    assert "lxml" in modules
    unneeded = {"rich", "jinja2", "matplotlib", "numpy", "asyncssh", "pytsung.controller"}
    assert not modules & unneeded


def test_every_command_of_the_help_is_somewhere() -> None:
    """A name in a table that leads nowhere would be found by who uses it."""
    assert {*PLACES, "debug", "serve"} == set(COMMANDS)
    for place in PLACES.values():
        assert callable(load(place))


@pytest.mark.parametrize(
    ("line", "at"),
    [("report", 0), ("-l d report x", 2), ("-k start", 1), ("--log-dir=d plot", 1), ("-l", None)],
)
def test_the_command_is_found_among_options(line: str, at: int | None) -> None:
    """Options may stand on either side, with or without a value."""
    assert command_word(line.split()) == at
