"""`%%_name%%` and `%%module:function%%` in a request's text.

One pass from left to right, results are not looked at again (Tsung manual,
"Dynamic substitutions"). A `%%` that opens nothing stays as it is; Tsung drops the
rest of the text. Must not know where variables are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PLACEHOLDER = re.compile(r"%%(?:_(?P<variable>.*?)|(?P<function>[^%:\s]+:[^%:\s]+))%%", re.DOTALL)

FUNCTIONS = (
    "ts_user_server:get_unique_id",
    "ts_user_server:get_really_unique_id",
    "ts_msg_server:get_id",
    "ts_file_server:get_next_line",
    "ts_file_server:get_random_line",
)
"""Tsung's own functions that a text may call."""


def functions_in(text: str) -> list[str]:
    """The `module:function` names that a text calls, in order."""
    return [match["function"] for match in _PLACEHOLDER.finditer(text) if match["function"]]


def with_each_replaced(text: str, by: str) -> str:
    """The text with `by` in place of every variable and every function."""
    return _PLACEHOLDER.sub(lambda _: by, text)


def fill(text: str, variable: Callable[[str], str], function: Callable[[str], str]) -> str:
    """The text with each variable's and each function's text put in its place."""
    if "%%" not in text:
        return text
    return _PLACEHOLDER.sub(
        lambda match: (
            function(match["function"]) if match["function"] else variable(match["variable"])
        ),
        text,
    )
