"""Timers in slots: how far from their deadline they fire, and not all processes at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytsung.reactor.calendar import NEVER, Bucket, Calendar
from pytsung.reactor.reactor import COARSE_SLOT, PHASE


class Item:
    """Something that waits."""

    def __init__(self) -> None:
        self.deadline = NEVER
        self.bucket: Bucket | None = None

    def on_timer(self) -> None:
        """Nothing."""


@given(
    st.floats(1, 1e6),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([0.002, 0.01, 0.05]),
)
def test_a_timer_is_at_most_half_a_slot_off(at: float, phase: float, width: float) -> None:
    """Whatever part of a slot the calendar's slots are late."""
    calendar = Calendar(width, phase)
    bucket = calendar.add(Item(), at)
    assert abs(bucket[0] - at) <= width / 2 + 1e-9 * max(1.0, at)
    assert calendar.next_time == bucket[0]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0, 1, exclude_max=True))
def test_slots_come_in_order_and_whole(times: list[float], phase: float) -> None:
    """Nobody may be forgotten, nor woken before somebody who is due earlier by a slot."""
    calendar = Calendar(0.01, phase)
    for at in times:
        calendar.add(Item(), at)
    popped = []
    while calendar.next_time < NEVER:
        before = calendar.next_time
        bucket = calendar.pop()
        assert bucket[0] == before
        popped.extend([bucket[0]] * (len(bucket) - 1))
    assert popped == sorted(popped)
    assert len(popped) == len(times)


@given(st.integers(1, 4_000_000), st.integers(2, 64))
def test_processes_in_a_row_wake_one_after_the_other(first: int, count: int) -> None:
    """The slots of workers of one machine stand apart by a fair part of what they could."""
    phases = sorted((pid * PHASE) % 1.0 for pid in range(first, first + count))
    gaps = [b - a for a, b in zip(phases, [*phases[1:], phases[0] + 1], strict=True)]
    assert min(gaps) > 0.35 / count
    assert max(gaps) * COARSE_SLOT < 2.7 * COARSE_SLOT / count
