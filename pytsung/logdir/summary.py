"""`summary.json`: the result of a run, in one small file that scripts can rely on.

The schema only grows: a key that is there stays, with its meaning. Seconds and
bytes throughout. Must not know how the figures are shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cattrs

from pytsung import __version__
from pytsung.control.messages import Cost
from pytsung.errors import LogDirectoryError
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.stats import SampleSummary
from pytsung.stats.fan_out import FanOut, Spread
from pytsung.stats.thresholds import Crossing
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict

SUMMARY = "summary.json"
SCHEMA = "pytsung.summary/1"

PERCENTS = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True)
class UserFigures:
    """Virtual users of the run.

    `not_started` were due but never started, for whatever reason; `dropped` were never
    due, as chance would have had them arrive behind the end of their phase.
    """

    started: int = 0
    finished: int = 0
    open: int = 0
    peak: int = 0
    not_started: int = 0
    lost: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionFigures:
    """Connections of the run; `peak` is the highest of the summed one-second levels."""

    opened: int = 0
    closed: int = 0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """What many samples come to; all zero when there was none."""

    count: int = 0
    mean: float = 0.0
    stddev: float = 0.0
    min: float = 0.0
    max: float = 0.0
    p50: float = 0.0
    p75: float = 0.0
    p90: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    p99_9: float = 0.0

    @classmethod
    def of(cls, samples: SampleSummary | None) -> SampleFigures:
        """The figures of samples, rounded to a billionth."""
        if samples is None or not samples.count:
            return cls()
        extremes = (samples.minimum, samples.maximum)
        values = (samples.mean, samples.deviation, *extremes, *samples.percentiles(PERCENTS))
        return cls(samples.count, *(round(value, 9) for value in values))


@dataclass(frozen=True, slots=True)
class FanOutFigures:
    """How published events spread over their receivers; one value an event in each sample.

    `first`, `median` and `last`: seconds from sending until the first, the median and
    the last receiver had it. `deliveries`: of all events that were followed.
    `slowest`: some, whose last delivery was the latest.
    """

    events: int
    deliveries: int
    first: SampleFigures
    median: SampleFigures
    last: SampleFigures
    slowest: tuple[Spread, ...] = ()

    @classmethod
    def of(cls, fan_out: FanOut) -> FanOutFigures | None:
        """The figures of a run; None when no event was followed."""
        fan_out.settle()
        if not fan_out.events:
            return None
        return cls(
            fan_out.events,
            fan_out.deliveries,
            SampleFigures.of(fan_out.first),
            SampleFigures.of(fan_out.median),
            SampleFigures.of(fan_out.last),
            tuple(fan_out.slowest),
        )


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent host's part.

    `clock_offset`: its time of day minus the controller's, in seconds, wrong by
    `clock_uncertainty` at most. `cores` and `python` are its host's.
    """

    host: str
    workers: int = 0
    started: int = 0
    lost: int = 0
    clock_offset: float = 0.0
    clock_uncertainty: float = 0.0
    cost: Cost = field(default_factory=Cost)
    cores: int = 0
    python: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The result of a run; the fields are the keys of `summary.json`, in its order.

    `started_at` is ISO 8601 with its offset; `duration` reaches from the test's
    origin to the last user's end or the stop. `coverage` is the part of its agents'
    time that the figures tell of: below 1 when one was lost or silent. `amended`: an
    operator changed the load. `values` are samples that are not times. `fan_out` is
    there when published events were followed. `cost` is that of controller, agents and
    workers together, `target` that of the bundled server, if it ran. `version` is
    pytsung's.
    """

    verdict: Verdict
    plan: PlanFigures
    started_at: str
    duration: float
    users: UserFigures
    connections: ConnectionFigures
    samples: Mapping[str, SampleFigures] = field(default_factory=dict)
    values: Mapping[str, SampleFigures] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    lateness: SampleFigures = field(default_factory=SampleFigures)
    loop_lag: SampleFigures = field(default_factory=SampleFigures)
    agents: tuple[AgentFigures, ...] = ()
    target: Cost | None = None
    cost: Cost = field(default_factory=Cost)
    coverage: float = 1.0
    thresholds: tuple[Crossing, ...] = ()
    warnings: tuple[str, ...] = ()
    amended: bool = False
    fan_out: FanOutFigures | None = None
    version: str = __version__
    schema: str = SCHEMA

    @classmethod
    def of(
        cls,
        totals: RunTotals,
        *,
        verdict: Verdict,
        plan: PlanFigures,
        started_at: str,
        duration: float,
        not_started: int = 0,
        values: Mapping[str, SampleSummary] | None = None,
        **further: Any,
    ) -> RunSummary:
        """A summary of a run's totals; `further` are fields that totals do not know."""
        generator = totals.generator
        return cls(
            verdict=verdict,
            plan=plan,
            started_at=started_at,
            duration=round(duration, 6),
            users=UserFigures(
                started=totals.users_started,
                finished=totals.users_finished,
                open=totals.users_open,
                peak=totals.users_peak,
                not_started=not_started,
                lost=totals.users_lost,
                dropped=totals.users_dropped,
            ),
            connections=ConnectionFigures(
                opened=totals.connections_opened,
                closed=totals.connections_closed,
                peak=totals.connections_peak,
            ),
            samples=_figures(totals.samples),
            values=_figures(values or {}),
            counters=dict(sorted(totals.counters.items())),
            lateness=SampleFigures.of(generator.get("lateness")),
            loop_lag=SampleFigures.of(generator.get("loop_lag")),
            fan_out=FanOutFigures.of(totals.fan_out),
            **further,
        )

    @property
    def errors(self) -> dict[str, int]:
        """Errors by their name, the most frequent first."""
        errors = {n: count for n, count in self.counters.items() if n.startswith("error_")}
        return dict(sorted(errors.items(), key=lambda item: (-item[1], item[0])))


def write_summary(directory: Path, summary: RunSummary) -> None:
    """Write `summary.json` at once: a reader sees the whole file or none.

    Raises LogDirectoryError when it cannot.
    """
    plain = asdict(summary)
    ordered = {"schema": plain.pop("schema"), **plain}
    path = directory / SUMMARY
    fresh = directory / f".{SUMMARY}.new"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(ordered, file, indent=2, allow_nan=False, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise LogDirectoryError(
            f"{path}: cannot be written: {error.strerror or error}; free some space there"
        ) from error


def read_summary(directory: Path) -> RunSummary:
    """The summary of a run's log directory; keys that a newer version added are left out.

    Raises LogDirectoryError when there is none.
    """
    path = directory / SUMMARY
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["schema"] != SCHEMA:
            raise ValueError(f"its schema is {plain['schema']!r}, not {SCHEMA!r}")
        return cattrs.structure(plain, RunSummary)
    except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError) as error:
        raise LogDirectoryError(
            f"{path}: no summary of a run: {error}; name a log directory that pytsung wrote"
        ) from error


def _figures(samples: Mapping[str, SampleSummary]) -> dict[str, SampleFigures]:
    return {name: SampleFigures.of(summary) for name, summary in sorted(samples.items())}
