"""What a chart shows, before it is drawn. Must not know a page, nor a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Sequence[float | None]
"""A value for each time of the chart; None where there is none, which is a gap."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line. `style` is a class of the style sheet: `c1` to `c8`, or `p50` … `p99`."""

    name: str
    values: Values
    style: str


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two lines."""

    lower: Values
    upper: Values
    style: str


@dataclass(frozen=True, slots=True)
class Heat:
    """Counts by time and value: for each time of the chart, a count for each row.

    A row is `(low, high)`; `rows` ascend.
    """

    rows: Sequence[tuple[float, float]]
    columns: Sequence[Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line across the chart."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: times (the ends of its windows, in seconds) and what is drawn over them.

    `unit` is a spelling of `words`. `text` says in a sentence what is to be seen,
    for those who cannot see it.
    """

    key: str
    title: str
    unit: str
    times: Sequence[float]
    duration: float
    series: Sequence[Series] = ()
    bands: Sequence[Band] = ()
    heat: Heat | None = None
    marks: Sequence[Mark] = ()
    note: str = ""
    text: str = ""
    is_logarithmic: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was measured: an empty frame would say less than its absence."""
        return self.heat is None and all(
            value is None for series in self.series for value in series.values
        )

    def highest(self) -> float:
        """The highest value in it; 0 without any."""
        values = [v for series in self.series for v in series.values if v is not None]
        return max(values, default=0.0)

    def lowest_above_zero(self) -> float:
        """The lowest value that a logarithmic axis can show."""
        values = [v for series in self.series for v in series.values if v]
        return min(values, default=0.0)
