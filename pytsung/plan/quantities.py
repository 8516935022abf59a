"""Numbers, rates and lengths of time as people write them.

Must not know what they measure.
"""

from __future__ import annotations

_UNITS = ((3600, "h"), (60, "min"), (1, "s"))


def number(value: float) -> str:
    """`20,000`, `0.25`: thousands apart, at most three decimals."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def amount(count: int, noun: str) -> str:
    """`1 user`, `20,000 users`."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def rate(per_second: float) -> str:
    """`at 1,000/s`; `one every 30 s` below one a second."""
    if 0 < per_second < 1:
        return f"one every {length_of_time(round(1 / per_second, 3))}"
    return f"at {number(per_second)}/s"


def length_of_time(seconds: float) -> str:
    """`20 s`, `2 h 46 min 40 s`, `1.5 s`, `10 ms`."""
    if 0 < seconds < 1:
        return f"{number(seconds * 1000)} ms"
    if seconds < 60 or seconds != int(seconds):
        return f"{number(seconds)} s"
    left, parts = int(seconds), []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{number(count)} {unit}")
    return " ".join(parts)
