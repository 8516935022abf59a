"""How figures are spelled for people: few digits, thousands set apart.

Must not know what a figure is of.
"""

from __future__ import annotations


def in_milliseconds(seconds: float) -> str:
    """A time in milliseconds with three significant digits or more: `0.143`, `16.9`, `1,082`."""
    value = seconds * 1000
    decimals = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"


def clock(seconds: float) -> str:
    """A length of time as `0:07`, `12:30` or `1:02:03`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def rate(per_second: float) -> str:
    """Events per second, whole ones from ten on: `0.3/s`, `998/s`."""
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"


def memory(size_bytes: int) -> str:
    """An amount of memory in megabytes, or gigabytes from ten of them on."""
    megabytes = size_bytes / 1e6
    return f"{megabytes / 1000:,.1f} GB" if megabytes >= 10_000 else f"{megabytes:,.0f} MB"
