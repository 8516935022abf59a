"""Whether a log directory tells one story: its seconds, and the summary made from them.

What does not agree was altered, or mixed from two runs. Must not know files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pytsung.logdir.journal import INTERVALS
from pytsung.logdir.summary import SUMMARY, RunSummary
from pytsung.stats.totals import RunTotals

MOST = 20
"""Disagreements told one by one; whoever altered so much altered everything."""

_ROUNDING = 2e-9  # a summary has nine decimals
_ORDER = 1e-6  # relative; sums of floats depend a little on the order of adding
_BUCKET = 0.01  # relative; another version may read a percentile elsewhere in its bucket
_NOT_IN_SECONDS = {("users", "not_started")}


def disagreements(summary: RunSummary, totals: RunTotals) -> list[str]:
    """Where the summary and the sums of the seconds tell two stories, a sentence each."""
    seen = RunSummary.of(
        totals,
        verdict=summary.verdict,
        plan=summary.plan,
        started_at=summary.started_at,
        duration=summary.duration,
    )
    faults = [
        f"{what}: {_spell(told)} in {SUMMARY}, but {_spell(found)} in {INTERVALS};"
        " one of them was altered"
        for what, told, found in _pairs(summary, seen)
        if not _agree(told, found, _BUCKET if " p" in what else _ORDER)
    ]
    if summary.duration > totals.duration + 1:
        faults.append(
            f"duration: {summary.duration:.0f} s in {SUMMARY}, but {INTERVALS} ends after"
            f" {totals.duration:.0f} s; one of them was altered"
        )
    if len(faults) > MOST:
        faults[MOST:] = [f"… and {len(faults) - MOST} more disagreements"]
    return faults


def out_of_order(before: int, index: int) -> str:
    """What is wrong with the second `index` right behind the second `before`; empty if nothing."""
    if index == before + 1:
        return ""
    if index <= before:
        return f"{INTERVALS}: second {index} stands behind second {before}; it was altered"
    missing = (
        f"second {before + 1}" if index == before + 2 else f"seconds {before + 1} to {index - 1}"
    )
    return f"{INTERVALS}: {missing} missing; it was altered"


def _pairs(told: RunSummary, seen: RunSummary) -> Iterator[tuple[str, Any, Any]]:
    for group in ("users", "connections", "lateness", "loop_lag"):
        mine, other = asdict(getattr(told, group)), asdict(getattr(seen, group))
        for key, value in mine.items():
            if (group, key) not in _NOT_IN_SECONDS:
                yield f"{group.replace('_', ' ')} {key}", value, other[key]
    for name in sorted({*told.samples, *seen.samples}):
        one, other_ = told.samples.get(name), seen.samples.get(name)
        if one is None or other_ is None:
            yield f"{name} samples", one.count if one else 0, other_.count if other_ else 0
            continue
        found = asdict(other_)
        for key, value in asdict(one).items():
            what = f"{name} samples" if key == "count" else f"{name} {key}"
            yield what, value, found[key]
    for name in sorted({*told.counters, *seen.counters}):
        yield name, told.counters.get(name, 0), seen.counters.get(name, 0)


def _agree(told: float, found: float, tolerance: float) -> bool:
    if isinstance(told, int) and isinstance(found, int):
        return told == found
    return math.isclose(told, found, rel_tol=tolerance, abs_tol=_ROUNDING)


def _spell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.9g}"
