"""How many users come, when, and who they are: the numbers a test is judged by."""

from __future__ import annotations

import pytest

from pytsung.plan import ArrivalPhase, ScheduledUser
from tests.config.configurations import LOAD, USERS, fault, plan, session, warnings


def phase(users: str = USERS, attributes: str = 'phase="1" duration="10" unit="second"') -> str:
    return f"<arrivalphase {attributes}>{users}</arrivalphase>"


def load(inner: str, attributes: str = "") -> str:
    return f"<load {attributes}>{inner}</load>"


@pytest.mark.parametrize(
    ("users", "rate"),
    [
        ('<users arrivalrate="3" unit="second"/>', 3.0),
        ('<users arrivalrate="90" unit="minute"/>', 1.5),
        ('<users arrivalrate="7200" unit="hour"/>', 2.0),
        ('<users arrivalrate="0.5" unit="millisecond"/>', 500.0),
        ('<users interarrival="0.25" unit="second"/>', 4.0),
        ('<users interarrival="2" unit="minute"/>', 1 / 120),
        ('<users interarrival="20" unit="millisecond"/>', 50.0),
        ('<users arrivalrate="3"/>', 3.0),
    ],
)
def test_rates_are_users_per_second(users: str, rate: float) -> None:
    """Six ways to write a rate in the XML, one number in the plan."""
    assert plan(load=load(phase(users))).load.phases[0].rate == pytest.approx(rate)


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ('phase="1" duration="10" unit="second"', 10),
        ('phase="1" duration="10" unit="minute"', 600),
        ('phase="1" duration="2" unit="hour"', 7200),
        ('phase="1" duration="1500" unit="millisecond"', 1.5),
        ('phase="1" duration="1.5" unit="minute"', 90),
        ('phase="1" duration="10"', 10),
    ],
)
def test_durations_are_seconds(attributes: str, seconds: float) -> None:
    """Tsung's units stop here; fractions are allowed where Tsung wants whole numbers."""
    assert plan(load=load(phase(attributes=attributes))).load.phases[0].duration == seconds


def test_phases_are_played_by_number() -> None:
    """Tsung sorts them; gaps do no harm."""
    elements = phase(attributes='phase="30" duration="3"') + phase(
        '<users arrivalrate="1" maxnumber="7"/>',
        'phase="4" duration="4" wait_all_sessions_end="true"',
    )
    read = plan(load=load(elements, 'loop="2" duration="1" unit="hour"')).load
    assert read.phases == (
        ArrivalPhase(4, 4.0, 1.0, 7, (1.0,), wait_all_sessions_end=True),
        ArrivalPhase(30, 3.0, 2.0, None, (1.0,)),
    )
    assert (read.loop, read.duration) == (2, 3600.0)
    assert [each.number for each in read.all_phases()] == [4, 30] * 3


def test_an_empty_load_starts_nobody() -> None:
    """Tsung accepts it: such a run starts and ends at once."""
    read = plan(load="<load/>").load
    assert (read.phases, read.scheduled_users, read.duration) == ((), (), None)


def test_scheduled_users_are_sorted_and_patterns_expanded() -> None:
    """One user for each session that fits, whatever the order in the file."""
    sessions = session(name="read a") + session(name="read b") + session(name="write")
    users = (
        '<user session="write" start_time="2" unit="minute"/>'
        '<user session="read ?" start_time="0.5"/><user session="w*t?" start_time="0"/>'
    )
    read = plan(load=load(users), sessions=sessions).load
    assert read.scheduled_users == (
        ScheduledUser(0.0, 2),
        ScheduledUser(0.5, 0),
        ScheduledUser(0.5, 1),
        ScheduledUser(120.0, 2),
    )


def test_a_scheduled_user_of_no_session_is_only_worth_a_warning() -> None:
    """Tsung starts nobody and says nothing."""
    (warning,) = warnings(load=load('<user session="nobody" start_time="1"/>'))
    assert warning.startswith("test.xml:6: no session is called “nobody”")


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (phase("<users/>"), "no arrivalrate"),
        (phase('<users arrivalrate="1" interarrival="1"/>'), "both arrivalrate and interarrival"),
        (phase('<users arrivalrate="0"/>'), "arrivalrate of 0"),
        (phase('<users interarrival="0"/>'), "interarrival of 0"),
        (phase('<users arrivalrate=""/>'), "arrivalrate of 0"),
        (phase('<users arrivalrate="many"/>'), 'arrivalrate="many"'),
        (phase(f'<users arrivalrate="{10**18}"/>'), "write a number of 18 digits at most"),
        (phase('<users arrivalrate="{{ rate }}"/>'), "fill in the template"),
        (phase('<users arrivalrate="%%_rate%%"/>'), "write a number, such as 10"),
        (phase('<users arrivalrate="-1"/>'), 'arrivalrate="-1"'),
        (phase('<users arrivalrate="1e3"/>'), 'arrivalrate="1e3"'),
        (phase('<users arrivalrate="nan"/>'), 'arrivalrate="nan"'),
        (phase('<users arrivalrate="1" unit="day"/>'), 'unit="day"'),
        (phase('<users arrivalrate="1" maxnumber="1.5"/>'), 'maxnumber="1.5"'),
        (phase(f'<users arrivalrate="{"9" * 5000}"/>'), 'arrivalrate="999'),
        (phase(""), "no <users>"),
        (phase(USERS + USERS), "2 <users>"),
        (phase(attributes='duration="1"'), "needs the attribute phase"),
        (phase(attributes='phase="1"'), "needs the attribute duration"),
        (phase(attributes='phase="one" duration="1"'), 'phase="one"'),
        (phase(attributes='phase="1" duration="1 min"'), 'duration="1 min"'),
        (phase(attributes='phase="1" duration="1" wait_all_sessions_end="1"'), 'end="1"'),
        (phase() + phase(), "arrival phase 1 is there twice"),
        ('<user session="one"/>', "needs the attribute start_time"),
        ('<user start_time="1"/>', "needs the attribute session"),
    ],
)
def test_a_wrong_load_is_refused_at_its_line(element: str, words: str) -> None:
    """A number that is guessed at makes a test of something else."""
    message = fault(load=load(element))
    assert message.startswith("test.xml:6: ")
    assert words in message
    assert "; " in message


def test_a_load_is_not_repeated_without_bound() -> None:
    """Each worker is told its part of every phase: a slip must not fill its memory."""
    assert 'loop="400000000"' in fault(load=LOAD.replace("<load", '<load loop="400000000"'))


def test_users_need_a_session() -> None:
    """A load without a session would start users with nothing to do."""
    assert "there is no <session> to play" in fault(sessions="")
