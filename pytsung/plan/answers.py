"""What is looked for in an answer: checks, and values kept in variables.

Must not know how an answer is searched, nor what protocol it came by.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class MatchAction(enum.Enum):
    """What a user does when a match triggers (Tsung manual, "Checking the response")."""

    CONTINUE = "continue"
    LOG = "log"
    DUMP = "dump"
    LOOP = "loop"
    RESTART = "restart"
    ABORT = "abort"
    ABORT_TEST = "abort_test"


@dataclass(frozen=True, slots=True)
class Match:
    """A regular expression held against an answer.

    `when_matched` says whether the action is for a match or for none. `function`
    (`module:function`) is applied to the answer first, `skip_headers` drops all
    before its first empty line. `loop_back` goes so many action slots further back;
    `sleep` is in seconds.
    """

    expression: str
    action: MatchAction = MatchAction.CONTINUE
    when_matched: bool = True
    substitute: bool = False
    name: str = "-"
    skip_headers: bool = False
    function: str = ""
    max_loop: int = 20
    sleep: float = 5.0
    loop_back: int = 0
    max_restart: int = 3


class Search(enum.Enum):
    """How a value is found in an answer."""

    REGEXP = "re"  # the text of the first group
    XPATH = "xpath"
    JSONPATH = "jsonpath"
    HEADER = "header"  # `name`, or `name/parameter`


@dataclass(frozen=True, slots=True)
class Extraction:
    """A part of an answer kept in a variable (Tsung's `<dyn_variable>`).

    `decode_entities` turns HTML's five basic entities into characters;
    `substitute` fills a JSON path with the user's variables first.
    """

    variable: str
    search: Search
    expression: str
    decode_entities: bool = False
    substitute: bool = False
