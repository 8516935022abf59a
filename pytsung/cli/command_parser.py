"""Parsers of commands that take options of their own, after their name.

Must not know any command.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pytsung.cli.parser import Help, Parser
from pytsung.errors import UsageError


def command_parser(command: str, words: str, description: str) -> Parser:
    """The parser of `pytsung COMMAND`, with what all of them know."""
    parser = Parser(
        prog=f"pytsung {command}",
        usage=f"pytsung {command} [options] {words}".rstrip(),
        description=description,
        formatter_class=Help,
        add_help=False,
        allow_abbrev=False,
        exit_on_error=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("-h", "--help", action="help", help="print this text")
    parser.add_argument(
        "-l",
        "--log-dir",
        metavar="DIR",
        default="~/.tsung/log",
        help="where the log directories of runs are (%(default)s)",
    )
    return parser


def refuse_more(words: Sequence[str], most: int) -> None:
    """Raise UsageError for a word that no command asked for."""
    if len(words) > most:
        raise UsageError(f"{words[most]}: one word too many; leave it out")
