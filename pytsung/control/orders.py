"""What an operator may ask of a running test, from a page, a terminal or another process.

Must not know how it is asked, nor how it is carried out.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytsung.errors import UsageError


class Action(enum.Enum):
    """The orders there are."""

    STOP = "stop"  # gracefully, with a full result
    PAUSE = "pause"  # let nobody arrive until resumed
    RESUME = "resume"
    RATE = "rate"  # users per second, until the end of the phase


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `rate` is that of Action.RATE; `by` says where it came from, in a word."""

    action: Action
    rate: float = 0.0
    by: str = ""


def read_order(plain: Mapping[str, Any], by: str) -> Order:
    """The order of some JSON: `{"action": "rate", "rate": 50}`. Raises UsageError."""
    try:
        action = Action(plain.get("action"))
    except ValueError:
        known = ", ".join(action.value for action in Action)
        raise UsageError(f"{plain.get('action')!r} is no order; give one of {known}") from None
    rate = plain.get("rate", 0.0)
    if action is Action.RATE and (isinstance(rate, bool) or not isinstance(rate, int | float)):
        raise UsageError(f"{rate!r} is no rate; give users per second, such as 50")
    return Order(action, float(rate) if action is Action.RATE else 0.0, by)
