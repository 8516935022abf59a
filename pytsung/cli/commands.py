"""Which function does each command, loaded when it is asked for.

A command costs what it imports: `pytsung --help` and `pytsung stop` are not to wait for
the libraries that draw reports. Must not know what any of them does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from pytsung.cli.parser import make_parser

OF_A_PLAN = {"start": "start:start", "check": "check:check", "preflight": "preflight:preflight"}
"""Commands that are given a configuration, read already: `module:function` of each."""

OF_A_RUN = {
    "status": "remote:status",
    "stop": "remote:stop",
    "view": "view:view",
    "watch": "watch:watch",
}
"""Commands that read no configuration: they look at a run that there is."""

OF_RECORDS = {
    "report": "report_commands:report",
    "compare": "report_commands:compare",
    "percentile": "file_commands:percentile",
    "plot": "file_commands:plot",
    "log2tsung": "file_commands:log2tsung",
    "bundle": "file_commands:bundle",
}
"""Commands that work on what runs left behind; each takes its own options after its name."""


def load(place: str) -> Callable[..., Any]:
    """The function at a place such as `watch:watch`, with all that it imports."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(f"pytsung.cli.{module}"), name)
    return function


def command_word(line: Sequence[str]) -> int | None:
    """Where in the command line the command is; None without one."""
    options = make_parser()._option_string_actions  # noqa: SLF001 - argparse has no public list
    at = 0
    while at < len(line):
        if not line[at].startswith("-") or line[at] == "-":
            return at
        action = options.get(line[at])
        takes_value = action is not None and action.nargs != 0
        at += 2 if takes_value else 1
    return None
