"""The form that all programs about growth share: options, table, sentences, graph.

Must not know what is measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.growth.curve import Curve
from bench.growth.picture import draw
from bench.machine import describe_machine


def options_of(doc: str, top: int, unit: str) -> argparse.ArgumentParser:
    """A parser with the options of all; a program may add its own."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--top", type=int, default=top, help=f"most {unit} (%(default)s)")
    parser.add_argument("--graph", type=Path, metavar="SVG", help="draw the curves into this file")
    return parser


def begin(about: str, columns: Sequence[str]) -> None:
    """Print what comes before the table's rows."""
    print(describe_machine())
    print(about + "\n")
    print(row(columns))
    print(row(["---"] * len(columns)), flush=True)


def row(cells: Sequence[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |"


def conclude(curves: Sequence[Curve], things: str, graph: Path | None) -> None:
    """Print where each curve stops being linear; draw them when asked to.

    Curves of what could not be seen at any size are left out.
    """
    known = [curve for curve in curves if curve.points]
    print()
    for curve in known:
        print(f"- {curve.sentence(things)}")
    if graph is not None:
        draw(known, things, graph)


def microseconds(value: float) -> str:
    """Seconds, as microseconds with three digits."""
    value *= 1e6
    return (
        f"{value:.2f} µs"
        if value < 10
        else f"{value:.1f} µs"
        if value < 100
        else f"{value:,.0f} µs"
    )


def size_of(value: float) -> str:
    """Bytes, in the unit that keeps them short."""
    for unit in ("B", "KB", "MB"):
        if abs(value) < 10_000:
            return f"{value:,.0f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def milliseconds(value: float) -> str:
    """Seconds, as milliseconds."""
    return f"{value * 1e3:,.0f} ms"
