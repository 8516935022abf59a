"""Lines over time as an SVG file: for figures that a table would hide.

One panel below the other, each with its own unit; every axis begins at zero, so that
what looks flat is flat. Must not know what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 130, 90, 26, 26
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df")


@dataclass(frozen=True, slots=True)
class Panel:
    """`lines` are values by name, one for each of the graph's times."""

    title: str
    lines: Mapping[str, Sequence[float]]


def draw(times: Sequence[float], panels: Sequence[Panel]) -> str:
    """The graph; `times` are minutes since the beginning, ascending."""
    height = len(panels) * (TOP + HEIGHT + GAP)
    box = f'viewBox="0 0 {LEFT + WIDTH + 20} {height}"'
    font = 'font-family="sans-serif" font-size="11" fill="#57606a"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {box} {font}>']
    parts.append('<rect width="100%" height="100%" fill="#ffffff"/>')
    for number, panel in enumerate(panels):
        parts += _panel(panel, times, number * (TOP + HEIGHT + GAP) + TOP)
    return "\n".join([*parts, "</svg>", ""])


def round_up(value: float) -> float:
    """The least of 1, 2, 4, 5 or 8 times a power of ten that is no less; 1 for nothing."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(unit * factor for factor in (1, 2, 4, 5, 8, 10) if unit * factor >= value * 0.999)


def _panel(panel: Panel, times: Sequence[float], top: float) -> list[str]:
    highest = max((max(values, default=0.0) for values in panel.lines.values()), default=0.0)
    highest = round_up(highest)
    across, up = WIDTH / ((times[-1] if times else 0) or 1), HEIGHT / highest
    bottom = top + HEIGHT
    parts = [f'<text x="{LEFT}" y="{top - 10}" fill="#24292f">{escape(panel.title)}</text>']
    for n, name in enumerate(panel.lines):
        x = LEFT + WIDTH - 110 * (len(panel.lines) - n)
        parts.append(f'<text x="{x}" y="{top - 10}" fill="{COLOURS[n]}">{escape(name)}</text>')
    for value in (0.0, highest / 2, highest):
        y = bottom - value * up
        parts.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#d0d7de" fill="none"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>')
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        minutes, seconds = divmod(round((times[-1] if times else 0) * part * 60), 60)
        moment = f"{minutes}:{seconds:02}"
        x = LEFT + round(WIDTH * part)
        parts.append(f'<text x="{x}" y="{bottom + 14}" text-anchor="{anchor}">{moment}</text>')
    for colour, values in zip(COLOURS, panel.lines.values(), strict=False):
        places = zip(times, values, strict=True)
        path = "M" + "L".join(f"{LEFT + t * across:.1f} {bottom - v * up:.1f}" for t, v in places)
        parts.append(f'<path d="{path}" stroke="{colour}" fill="none" stroke-width="1.5"/>')
    return parts
