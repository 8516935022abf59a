"""Dates of `Expires`, read as leniently as RFC 6265, 5.1.1 says. Must not know clocks."""

from __future__ import annotations

import re
from datetime import datetime, timezone

_TOKENS = re.compile(r"[^\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(\d{2,4})(?!\d)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_date(text: str) -> float | None:
    """Unix time of a date in whatever order its parts come; None for what is no date."""
    time: re.Match[str] | None = None
    day = month = year = 0
    for token in _TOKENS.findall(text):
        if time is None and (found := _TIME.match(token)):
            time = found
        elif not day and (found := _DAY.match(token)):
            day = int(found[1])
        elif not month and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif not year and (found := _YEAR.match(token)):
            year = _full_year(int(found[1]))
    if time is None or not (day and month and year):
        return None
    hour, minute, second = map(int, time.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None
    return moment.timestamp() if year >= 1601 else None


def _full_year(year: int) -> int:
    """Years of two digits are of this century or the last."""
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year
