"""How the report spells figures: three digits, a unit people know, thousands apart.

Must not know what a figure is of.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def digits(value: float) -> str:
    """Three significant digits, or all of a whole part: `0.143`, `16.9`, `1,082`."""
    if not value:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def time(seconds: float) -> str:
    """`0.143 ms`, `16.9 ms`, `1.08 s`, `2 min 5 s`."""
    if abs(seconds) < 1:
        return f"{digits(seconds * 1000)} ms"
    if abs(seconds) < 60:
        return f"{digits(seconds)} s"
    return clock(seconds)


def clock(seconds: float) -> str:
    """A length of time: `48 s`, `2 min 5 s`, `1 h 2 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole // 60, 60)
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"


def moment(seconds: float) -> str:
    """A time since the start, for an axis: `48`, `2:05`, `1:02:03`."""
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minute:02}:{second:02}"
    return f"{minute}:{second:02}"


def count(value: float) -> str:
    """`20,000`, `12.5 k` is never said: whole numbers are written out."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else digits(value)


def rate(value: float) -> str:
    """`998 /s`."""
    return f"{count(value)} /s"


def percent(part: float) -> str:
    """`12.5 %` of a part from 0 to 1."""
    return f"{digits(part * 100)} %"


def of_hundred(value: float) -> str:
    """A figure that is a percentage already."""
    return f"{digits(value)} %"


def _stepped(value: float, step: float, units: tuple[str, ...]) -> str:
    for unit in units[:-1]:
        if abs(value) < step:
            return f"{digits(value)} {unit}"
        value /= step
    return f"{digits(value)} {units[-1]}"


def size(size_bytes: float) -> str:
    """`248 B`, `1.2 MB`, in powers of a thousand."""
    return _stepped(size_bytes, 1000, ("B", "kB", "MB", "GB", "TB"))


def bits(per_second: float) -> str:
    """`53.6 kbit/s`, in powers of a thousand."""
    return _stepped(per_second, 1000, ("bit/s", "kbit/s", "Mbit/s", "Gbit/s"))


def megabytes(value: float) -> str:
    """A figure that is megabytes already: `1,024 MB`."""
    return f"{digits(value)} MB"


SPELLINGS: dict[str, Callable[[float], str]] = {
    "count": count,
    "rate": rate,
    "time": time,
    "bits": bits,
    "percent": percent,
    "of_hundred": of_hundred,
    "megabytes": megabytes,
    "plain": digits,
}
"""Spellings by the name that charts use."""
