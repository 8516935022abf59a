"""Which phase is when after an operator's change: agents play it, the verdict is judged by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.errors import UsageError
from pytsung.plan import ArrivalPhase
from pytsung.schedule.timetable import HOLD, Timetable


def timetable() -> Timetable:
    """Two phases: 100 s at 10/s, 50 s at 4/s."""
    return Timetable([ArrivalPhase(1, 100.0, 10.0), ArrivalPhase(2, 50.0, 4.0)])


def test_the_plan_itself_is_a_timetable() -> None:
    """Without an operator nothing must be different from the plan."""
    table = timetable()
    assert (table.wanted, table.ends, table.is_amended) == (1200, 150.0, False)
    assert [table.place(at) for at in (0.0, 99.9, 100.0, 149.9, 150.0)] == [0, 0, 1, 1, None]
    assert [table.rate(at) for at in (50.0, 120.0, 160.0)] == [10.0, 4.0, 0.0]


def test_a_pause_holds_the_plan_and_a_resumption_goes_on_with_it() -> None:
    """A pause costs time, not users: what was left of the phase is played after it."""
    table = timetable()
    change = table.pause(40.0)
    assert (change.first, change.begins, change.cut) == (1, 40.0, 40.0)
    assert [phase.duration for phase in change.phases] == [HOLD, 60.0, 50.0]
    assert table.is_paused(41.0)
    assert table.rate(41.0) == 0.0
    back = table.resume(70.0)
    assert (back.first, back.begins, back.cut) == (2, 70.0, 30.0)
    assert [(phase.duration, phase.rate) for phase in back.phases] == [(60.0, 10.0), (50.0, 4.0)]
    assert (table.ends, table.is_paused(71.0)) == (180.0, False)
    # 400 of the first 1,000 are due before the pause; the cut leaves out 600, which agents report.
    assert table.wanted == 1000 + 600 + 200


def test_a_rate_holds_until_the_end_of_its_phase() -> None:
    """The next phase was not asked about."""
    table = timetable()
    change = table.change_rate(40.0, 25.0)
    assert [(phase.duration, phase.rate) for phase in change.phases] == [(60.0, 25.0), (50.0, 4.0)]
    assert [table.rate(at) for at in (39.0, 41.0, 101.0)] == [10.0, 25.0, 4.0]
    assert table.wanted == 1000 + 1500 + 200


def test_most_users_of_a_phase_stay_their_most() -> None:
    """`maxnumber` is a promise to the target: a change must not break it."""
    table = Timetable([ArrivalPhase(1, 60.0, 10.0, 100)])
    assert table.rate(15.0) == 0.0  # all have come
    change = table.change_rate(4.0, 50.0)
    assert change.phases[0].users == 60


def test_changes_that_make_no_sense_change_nothing() -> None:
    """The page may be a second behind: its button is pressed twice, or too late."""
    table = timetable()
    with pytest.raises(UsageError, match="not paused"):
        table.resume(10.0)
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="give a rate above 0"):
            table.change_rate(10.0, rate)
    with pytest.raises(UsageError, match=r"over in less than 1 s: too late to change them; let"):
        table.pause(149.5)
    with pytest.raises(UsageError, match="arrivals are over: nothing of them is left"):
        table.change_rate(150.0, 5.0)
    assert not table.is_amended
    table.pause(10.0)
    with pytest.raises(UsageError, match="paused already"):
        table.pause(11.0)
    with pytest.raises(UsageError, match="resume them"):
        table.change_rate(11.0, 5.0)
    assert len(table.stretches) == 4


def test_fixed_times_wait_in_a_pause_as_everybody_does() -> None:
    """A target that is let to breathe is not to be asked by whoever has an appointment."""
    table = Timetable([ArrivalPhase(1, 100.0, 10.0)], fixed=[10.0, 40.0, 90.0, 120.0])
    assert (table.ends, table.fixed_between(39.5, 40.5)) == (120.0, 1)
    change = table.pause(40.0)
    assert change.shift == HOLD
    assert table.fixed_between(11.0, 1e6) == 0
    back = table.resume(70.0)
    assert back.shift == 30.0 - HOLD
    assert table.fixed == pytest.approx([10.0, 70.0, 120.0, 150.0], abs=1e-6)
    assert table.ends == pytest.approx(150.0)
    assert table.change_rate(80.0, 5.0).shift == 0.0


@pytest.mark.parametrize("phases", [[], [ArrivalPhase(1, 20.0, 10.0)]])
def test_fixed_times_alone_can_be_paused(phases: list[ArrivalPhase]) -> None:
    """After the last phase, or without any; there is no rate then to be changed."""
    table = Timetable(phases, fixed=[60.0])
    with pytest.raises(UsageError, match="arrivals are over"):
        table.change_rate(40.0, 5.0)
    change = table.pause(40.0)
    assert (change.first, change.begins) == (len(phases), 40.0)
    assert [phase.rate for phase in change.phases] == [0.0]
    assert table.is_paused(1000.0)
    back = table.resume(100.0)
    assert (back.first, back.phases) == (len(phases) + 1, ())
    assert not table.is_paused(101.0)
    assert table.ends == pytest.approx(120.0)
    assert table.wanted == sum(phase.users for phase in phases)
    with pytest.raises(UsageError, match="over in less than 1 s"):
        table.pause(119.5)


def test_a_phase_that_waited_for_its_users_moves_all_that_follow() -> None:
    """`wait_all_sessions_end`: only the workers know when the next one began."""
    table = timetable()
    table.entered(1, 130.0)
    assert (table.place(131.0), table.place(179.0), table.ends) == (1, 1, 180.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(("pause", "resume", "rate")), st.floats(0.1, 20)), max_size=12
    )
)
def test_any_orders_leave_a_timetable_without_gaps(orders: list[tuple[str, float]]) -> None:
    """Workers play phase after phase: a gap or an overlap would be users out of nowhere."""
    table = timetable()
    at = 0.0
    for order, pause in orders:
        at += pause
        try:
            if order == "rate":
                table.change_rate(at, pause * 3)
            else:
                getattr(table, order)(at)
        except UsageError:
            continue
    for one, following in zip(table.stretches, table.stretches[1:], strict=False):
        assert one.ends == pytest.approx(following.begins)
    active = sum(stretch.phase.duration for stretch in table.stretches if not stretch.is_pause)
    assert active == pytest.approx(150.0)
