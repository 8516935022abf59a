"""Axes with round numbers on them. Must not know what is drawn along them."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TIME_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600)
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with lines at `ticks`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_logarithmic: bool = False

    def part(self, value: float) -> float:
        """Where on the axis a value is: 0 at its low end, 1 at its high one, never beyond."""
        if self.is_logarithmic:
            value = max(value, self.low)
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return min(max(part, 0.0), 1.0)


def linear_axis(low: float, high: float, most: int = 5) -> Axis:
    """From zero (or below it) to a round number above `high`; never empty."""
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 0:
        return Axis(0.0, 1.0, (0.0, 1.0))
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in _STEPS if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Axis(first * step, last * step, tuple(n * step for n in range(first, last + 1)))


def log_axis(low: float, high: float) -> Axis:
    """Between powers of ten, or their doubles and fives where that is less than two powers."""
    low = max(low, high * 1e-9)
    bottom = 10.0 ** math.floor(math.log10(low) + 1e-9)
    top = 10.0 ** math.ceil(math.log10(high) - 1e-9)
    if top <= bottom:
        top = bottom * 10
    decades = round(math.log10(top / bottom))
    factors = (1, 2, 5) if decades <= 2 else (1,)
    every = max(1, decades // 5)
    ticks = [bottom * 10.0**n * f for n in range(0, decades, every) for f in factors]
    return Axis(bottom, top, (*ticks, top), is_logarithmic=True)


def time_axis(seconds: float, most: int = 8) -> Axis:
    """From 0 to the end of a run; round steps of seconds, minutes, hours, days."""
    seconds = max(seconds, 1.0)
    step = next((step for step in _TIME_STEPS if seconds / step <= most), 0)
    if not step:
        step = _DAY * math.ceil(seconds / _DAY / most)
    return Axis(0.0, seconds, tuple(float(t) for t in range(0, math.floor(seconds) + 1, step)))
