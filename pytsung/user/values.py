"""Values of a user's variables: their text, and how they compare.

Must not know where a value comes from. Tsung's own forms are in its manual,
"Dynamic variables"; where it prints floats with twenty decimals and numeric lists
as characters, we print what a person would write.
"""

from __future__ import annotations

import math
import re
from typing import Union

from pytsung.plan import Comparison

_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)

Value = Union[str, int, float, bool, list["Value"], None]  # noqa: UP007 - it holds itself
"""None is a variable that was never set."""

UNDEFINED = "undefined"


def text_of(value: Value) -> str:
    """The text that stands for a value in a request."""
    if isinstance(value, str):
        return value
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        parts = [text_of(part) for part in value]
        # Strings concatenate as in Tsung; numbers need something between them.
        return ("" if all(isinstance(part, str) for part in value) else ",").join(parts)
    return repr(value)


def number_of(value: Value) -> float | None:
    """The number that a value is, or reads as; None when it is none.

    Digits as people write them: Python would also read `nan`, `inf` and `1_000`.
    """
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond all floats
        return None
    return number if math.isfinite(number) else None


def compare(value: Value, comparison: Comparison, text: str) -> bool | None:
    """`value COMPARISON text`; None when an order is asked of what is not a number.

    Equality is of texts, as in Tsung, but a float equals its number in any spelling.
    """
    if comparison in (Comparison.EQ, Comparison.NEQ):
        equal = text_of(value) == text
        if not equal and isinstance(value, float):
            equal = number_of(text) == value
        return equal is (comparison is Comparison.EQ)
    left, right = number_of(value), number_of(text)
    if left is None or right is None:
        return None
    if comparison is Comparison.GT:
        return left > right
    if comparison is Comparison.LT:
        return left < right
    return left >= right if comparison is Comparison.GTE else left <= right
