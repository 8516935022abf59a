"""An interval as plain lists and dicts for `intervals.jsonl`, and back.

The form only grows: fields may be added, none changes its meaning. A sample is as
`pytsung.stats.plain` has it. Must not know files, agents or the messages between
processes.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pytsung.stats import Interval
from pytsung.stats.plain import summary_from_plain, summary_to_plain

_SAMPLES = ("samples", "generator", "deliveries")
_RARE = "deliveries"  # only written when there are any
_FIELDS = tuple(field.name for field in fields(Interval) if field.name not in _SAMPLES)


def interval_to_plain(interval: Interval) -> dict[str, Any]:
    """Everything about an interval, ready for `json`."""
    plain = {name: getattr(interval, name) for name in _FIELDS}
    for field in _SAMPLES:
        samples = getattr(interval, field)
        if field == _RARE and not samples:
            continue
        plain[field] = {name: summary_to_plain(summary) for name, summary in samples.items()}
    return plain


def interval_from_plain(plain: dict[str, Any]) -> Interval:
    """The interval again. Unknown fields are left out: a newer version wrote them.

    Raises KeyError, IndexError, TypeError or ValueError if it is not one.
    """
    known = {name: plain[name] for name in _FIELDS if name in plain}
    for field in _SAMPLES:
        samples = plain.get(field, {})
        known[field] = {name: summary_from_plain(value) for name, value in samples.items()}
    return Interval(**known)
