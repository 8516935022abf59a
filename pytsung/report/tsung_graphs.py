"""The graphs of Tsung's report: which curves stand in which image.

Must not know how a graph is drawn: matplotlib and gnuplot scripts both start here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytsung.report.tsung_data import Row
from pytsung.report.tsung_groups import Column, Group, group_of

X_LABEL = "time (sec of the running test)"


@dataclass(frozen=True, slots=True)
class Curve:
    """One statistic in one image. `plain` names its data file, `field` the column there."""

    plain: str
    field: int
    points: Sequence[tuple[float, float]]

    @property
    def label(self) -> str:
        """What the legend says: the file's name without Tsung's name for the agent."""
        return self.plain.replace(":os_mon", "")


@dataclass(frozen=True, slots=True)
class Graph:
    """One image, `graphes-GROUP-COLUMN`."""

    group: Group
    column: Column
    curves: Sequence[Curve]

    @property
    def name(self) -> str:
        """Its file's name, as links to Tsung's reports have it."""
        return f"graphes-{self.group.name}-{self.column.name}"

    @property
    def lowest(self) -> float:
        """The lowest value in it; below zero only where a change is drawn."""
        return min(value for curve in self.curves for _, value in curve.points)


_COUNTER_COLUMNS = 3
"""Columns in the data of a counter: time, rate, total; those of a sample are more."""


def make_graphs(rows: Mapping[str, Sequence[Row]]) -> list[Graph]:
    """All graphs that have a curve, in the order of their names."""
    groups: dict[str, tuple[Group, list[str]]] = {}
    for plain in sorted(rows):
        group = group_of(plain, is_sample=len(rows[plain][0]) > _COUNTER_COLUMNS)
        groups.setdefault(group.name, (group, []))[1].append(plain)
    graphs = []
    for _, (group, names) in sorted(groups.items()):
        for column in group.columns:
            curves = [
                Curve(plain, column.field, [(row[0], row[column.field - 1]) for row in rows[plain]])
                for plain in names
                if _belongs(plain, column)
            ]
            if curves:
                graphs.append(Graph(group, column, curves))
    return graphs


def _belongs(plain: str, column: Column) -> bool:
    """Only users have a highest level; the third column of the others is a change."""
    return column.name != "maximum_simultaneous" or plain == "users"
