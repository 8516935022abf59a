"""Whether a difference is told from noise: often enough found, rarely enough made up.

Rows of figures are made up second by second, with the kinds of noise that runs on a shared
machine with two processors showed: seconds vary by 1 to 4 %, neighbours are alike (by 0.3, at
worst 0.6), two equal runs differ by 1 % from beginning to end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from pytsung.report.noise import TAIL_FLOOR, compare

PAIRS = 300
SECONDS = 20
LOOKS = 23
"""Figures that a comparison of two WebSocket runs has."""

Noise = Callable[[random.Random], Sequence[float]]
"""By what factor each second of a run is off."""


def steady(chance: random.Random) -> Sequence[float]:
    return [1 + chance.gauss(0, 0.01) for _ in range(SECONDS)]


def alike(chance: random.Random, likeness: float = 0.6, spread: float = 0.03) -> Sequence[float]:
    """Each second is much like the one before."""
    off = chance.gauss(0, spread)
    found = []
    for _ in range(SECONDS):
        off = likeness * off + chance.gauss(0, spread * (1 - likeness**2) ** 0.5)
        found.append(1 + off)
    return found


def drifting(chance: random.Random) -> Sequence[float]:
    """Another run, another hour; and somebody's job grows or ends meanwhile."""
    start, slope = chance.gauss(0, 0.01), chance.gauss(0, 0.02) / SECONDS
    return [one + start + slope * second for second, one in enumerate(alike(chance, 0.3, 0.02))]


def accidents(chance: random.Random) -> Sequence[float]:
    """One second in fifteen the machine stands still for a while."""
    return [one + 0.5 * (chance.random() < 1 / 15) for one in steady(chance)]


def runs(noise: Noise, seed: int, slower: float) -> list[list[list[float]]]:
    """Two runs: mean, median and p95 of each second; the tail is noisier."""
    chance = random.Random(seed)
    found = []
    for times in (0.2, 0.2 * slower):
        seconds = noise(chance)
        mean = [times * off for off in seconds]
        median = [value * (1 + chance.gauss(0, 0.002)) for value in mean]
        tail = [times * (1.05 + 2 * (off - 1)) for off in noise(chance)]
        found.append([mean, median, tail])
    return found


def seen(noise: Noise, slower: float) -> float:
    """The part of the pairs in which one of the three figures is found to differ."""
    found = 0
    for seed in range(PAIRS):
        first, second = runs(noise, seed, slower)
        found += any(
            compare(a, b, looks=LOOKS, **({"floor": TAIL_FLOOR} if n == 2 else {})).is_seen
            for n, (a, b) in enumerate(zip(first, second, strict=True))
        )
    return found / PAIRS


@pytest.mark.parametrize("noise", [steady, alike, drifting, accidents])
def test_equal_runs_are_rarely_told_apart(noise: Noise) -> None:
    """At most one of twenty comparisons may cry wolf, whatever the noise is like."""
    assert seen(noise, 1.0) <= 0.05


@pytest.mark.parametrize("noise", [steady, alike, drifting, accidents])
def test_ten_percent_are_found_nearly_always(noise: Noise) -> None:
    """In nineteen of twenty pairs of twenty seconds."""
    assert seen(noise, 1.1) >= 0.95


def test_noise_that_both_runs_share_drops_out() -> None:
    """Played side by side, both meet the same machine: far worse noise hides nothing then."""
    chance = random.Random(7)
    for _ in range(PAIRS):
        shared = alike(chance, 0.8, 0.15)
        first = [off * (1 + chance.gauss(0, 0.02)) for off in shared]
        second = [off * 1.1 * (1 + chance.gauss(0, 0.02)) for off in shared]
        assert compare(first, second, looks=LOOKS).is_seen


def test_a_tail_has_to_differ_by_more() -> None:
    """8 % are much for a median and nothing for p95, however sure."""
    chance = random.Random(3)
    first, second = steady(chance), [value * 1.08 for value in steady(chance)]
    assert compare(first, second, looks=LOOKS).is_seen
    assert not compare(first, second, looks=LOOKS, floor=TAIL_FLOOR).is_seen
