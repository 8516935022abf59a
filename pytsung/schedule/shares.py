"""Splitting whole users over workers so that nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Whole parts of `total` in proportion to `weights`, adding up to it exactly.

    Largest remainder; equal remainders go to the earlier part. Tsung rounds for
    each part by itself, so that its parts may add up to more or less.

    Raises ValueError for no weights, a negative one, or only zeros.
    """
    whole = sum(weights)
    if not weights or min(weights) < 0 or whole <= 0:
        raise ValueError(f"cannot split by the weights {list(weights)}")
    exact = [total * weight / whole for weight in weights]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts
