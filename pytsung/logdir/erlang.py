"""How Tsung's files spell numbers and names: as Erlang terms.

Must not know what the numbers are. Reading them back needs nothing special: any
float parser takes them.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

_BARE_ATOM = re.compile(r"[a-z][A-Za-z0-9_@]*")
_INTEGER = re.compile(r"\d+")
_TUPLE = re.compile(r'\{\w+,"[^"\n]*"\}')
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_float(value: float) -> str:
    """The shortest text that reads back to the same double, always with a point.

    Scientific only where that is strictly shorter: `20.0`, `123456.0`, `0.0001`,
    but `1.0e5`, `1.5e3`, `1.0e-5` (Erlang/OTP 25 and later).
    """
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    assert isinstance(exponent, int), "infinities and NaN are never written"
    figures = "".join(map(str, digits))
    point = len(figures) + exponent  # how many figures stand before the point
    scientific = f"{figures[0]}.{figures[1:] or '0'}e{point - 1}"
    if point <= 0:
        plain = "0." + "0" * -point + figures
    elif exponent >= 0:
        plain = figures + "0" * exponent + ".0"
    else:
        plain = f"{figures[:point]}.{figures[point:]}"
    text = scientific if figures != "0" and len(scientific) < len(plain) else plain
    return "-" + text if sign else text


def format_name(name: str) -> str:
    """A statistic's name: bare if a plain atom, a number or `{metric,"host"}`, else quoted."""
    if _BARE_ATOM.fullmatch(name) or _INTEGER.fullmatch(name) or _TUPLE.fullmatch(name):
        return name
    return f"'{name.translate(_ESCAPES)}'"


def format_timestamp(at: float) -> str:
    """A Unix time as `{megaseconds,seconds,microseconds}`."""
    microseconds = round(at * 1_000_000)
    seconds, microseconds = divmod(microseconds, 1_000_000)
    megaseconds, seconds = divmod(seconds, 1_000_000)
    return f"{{{megaseconds},{seconds},{microseconds}}}"


def format_date(at: float) -> str:
    """A Unix time in local time as `23-Nov-2026::08:07:13`, in English whatever the locale."""
    local = datetime.fromtimestamp(at).astimezone()
    return f"{local.day}-{_MONTHS[local.month - 1]}-{local:%Y::%H:%M:%S}"
