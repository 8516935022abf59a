"""How many users there are at once decides what a host must hold: too low, and it is no warning."""

from __future__ import annotations

import math

import pytest

from pytsung.plan import (
    ArrivalPhase,
    Comparison,
    Condition,
    For,
    Foreach,
    Load,
    Pause,
    Repeat,
    ScheduledUser,
    Session,
    SessionStep,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.schedule.crowds import most_at_once, stay

THINK = ThinkTime(10.0)
CONDITION = Condition("x", Comparison.EQ, "1")


def session(*steps: SessionStep) -> Session:
    return Session("s", "ts_websocket", steps)


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (THINK, 10.0),
        (ThinkTime(2.0, Pause.UNIFORM, 4.0), 3.0),
        (ThinkTime(pause=Pause.FROM_TEXT, text="%%_n%%"), math.inf),
        (WaitForPush(), math.inf),
        (Transaction("t", (THINK, THINK)), 20.0),
        (For("i", 1, 5, 1, (THINK,)), 50.0),
        (For("i", 1, 5, 2, (THINK,)), 30.0),
        (For("i", 1, "%%_n%%", 1, (THINK,)), math.inf),
        (For("i", 1, "%%_n%%", 1, ()), 0.0),
        (Repeat("r", (THINK,), CONDITION, max_repeat=2), 30.0),
        (Foreach("f", "list", (THINK,)), math.inf),
    ],
)
def test_a_stay_is_as_long_as_its_think_times(step: SessionStep, seconds: float) -> None:
    """What only a user will know counts as for ever."""
    assert stay((step,)) == seconds


def test_users_who_leave_make_room() -> None:
    """10/s who stay 10 s are 100 at once (Little's law), however long it goes on."""
    load = Load((ArrivalPhase(1, 3600.0, 10.0, None, (1.0,)),))
    assert most_at_once(load, [session(THINK)]) == pytest.approx(100)
    assert most_at_once(load, [session(THINK)], linger=60.0) == pytest.approx(700)
    assert most_at_once(load, [session()]) == 0


def test_users_who_stay_add_up() -> None:
    """All of them, scheduled ones too."""
    load = Load(
        (ArrivalPhase(1, 60.0, 10.0, 500, (1.0,)),), scheduled_users=(ScheduledUser(1.0, 0),)
    )
    assert most_at_once(load, [session(ThinkTime(9999.0))]) == 501


def test_users_who_have_all_come_long_before_the_phase_ends() -> None:
    """`maxnumber` ends arrivals: the most are there then, and gone when the phase is over."""
    phase = ArrivalPhase(1, 600.0, 10.0, 50, (1.0,))
    assert most_at_once(Load((phase,)), [session(THINK)]) == pytest.approx(50)


def test_the_fastest_phase_counts_and_what_is_left_of_the_one_before() -> None:
    """The crowd is largest some seconds into a phase."""
    phases = (ArrivalPhase(1, 60.0, 1.0, None, (1.0,)), ArrivalPhase(2, 60.0, 20.0, None, (1.0,)))
    assert most_at_once(Load(phases), [session(THINK)]) == pytest.approx(200)


def test_sessions_count_by_their_popularity() -> None:
    """A quarter stays, the others are gone at once."""
    load = Load((ArrivalPhase(1, 100.0, 8.0, None, (1.0, 3.0)),))
    assert most_at_once(load, [session(ThinkTime(9e9)), session()]) == pytest.approx(200)


def test_a_limit_on_the_load_cuts_it_short() -> None:
    """`<load duration>`: who would come later never does."""
    load = Load((ArrivalPhase(1, 3600.0, 10.0, None, (1.0,)),), duration=50.0)
    assert most_at_once(load, [session(ThinkTime(9e9))]) == pytest.approx(500)
