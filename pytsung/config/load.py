"""`<load>`: arrival phases, users scheduled one by one, and when the test stops.

Must not draw anything: when users really start is `pytsung.schedule`'s.
"""

from __future__ import annotations

from pytsung.config.element import SourceElement
from pytsung.config.popularity import SessionNames
from pytsung.config.reader import UNITS, ConfigurationReader
from pytsung.plan import ArrivalPhase, Load, ScheduledUser

_MOST_PHASES = 100_000
"""Phases in playing order, repetitions included. Every worker is told its part of each."""


def read_load(load: SourceElement, sessions: SessionNames, reader: ConfigurationReader) -> Load:
    """The load; phases in the order of their numbers, scheduled users by time."""
    phases = _read_phases(load, sessions, reader)
    scheduled = [
        user for element in load.all("user") for user in _scheduled(element, sessions, reader)
    ]
    loop = reader.integer(load, "loop", 0)
    if len(phases) * (loop + 1) > _MOST_PHASES:
        reader.fault(
            load, f'<load> has loop="{loop}"', f"play at most {_MOST_PHASES} phases in all"
        )
        loop = 0
    duration = reader.seconds(load, "duration") if load.get("duration") is not None else 0.0
    return Load(
        phases=phases,
        scheduled_users=tuple(sorted(scheduled, key=lambda user: user.start_time)),
        loop=loop,
        duration=duration or None,
    )


def _read_phases(
    load: SourceElement, sessions: SessionNames, reader: ConfigurationReader
) -> tuple[ArrivalPhase, ...]:
    phases: dict[int, ArrivalPhase] = {}
    for element in load.all("arrivalphase"):
        phase = _phase(element, sessions, reader)
        if phase is None:
            continue
        if phase.number in phases:
            reader.fault(
                element, f"arrival phase {phase.number} is there twice", "give it another number"
            )
        phases[phase.number] = phase
    if phases and not sessions.names:
        reader.fault(load, "users arrive, but there is no <session> to play", "add a <session>")
    return tuple(phases[number] for number in sorted(phases))


def _phase(
    element: SourceElement, sessions: SessionNames, reader: ConfigurationReader
) -> ArrivalPhase | None:
    """One phase; None if it has no number to tell it from the others."""
    number = reader.integer(element, "phase", 0) if reader.required(element, "phase") else None
    duration = reader.seconds(element, "duration")
    groups = element.all("users")
    if len(groups) != 1:
        found = "no <users>" if not groups else f"{len(groups)} <users>"
        reader.fault(element, f"<arrivalphase> has {found}", "write one <users> in each phase")
    rate, most = _users(groups[0], reader) if groups else (0.0, None)
    weights = sessions.weights_in(element, reader)
    wait = reader.flag(element, "wait_all_sessions_end")
    if number is None:
        return None
    return ArrivalPhase(number, duration, rate, most, weights, wait)


def _users(element: SourceElement, reader: ConfigurationReader) -> tuple[float, int | None]:
    """Users per second, and how many at most."""
    unit = UNITS[reader.choice(element, "unit", tuple(UNITS), "second")]
    most = reader.integer(element, "maxnumber", 0) if element.get("maxnumber") is not None else None
    ways = [way for way in ("arrivalrate", "interarrival") if element.get(way) is not None]
    if len(ways) != 1:
        found = "both arrivalrate and interarrival" if ways else "no arrivalrate"
        cure = "keep one of them" if ways else 'write arrivalrate="10" unit="second"'
        reader.fault(element, f"<users> has {found}", cure)
        return 0.0, most
    faults = len(reader.faults)
    value = reader.number(element, ways[0], 0.0)
    if value <= 0:
        if len(reader.faults) == faults:
            reader.fault(element, f"<users> has an {ways[0]} of 0", "write a number above 0")
        return 0.0, most
    return (value / unit if ways[0] == "arrivalrate" else 1 / (value * unit)), most


def _scheduled(
    element: SourceElement, sessions: SessionNames, reader: ConfigurationReader
) -> list[ScheduledUser]:
    """One user for each session that the pattern fits; none is worth a warning only."""
    start_time = reader.seconds(element, "start_time")
    pattern = reader.required(element, "session")
    found = sessions.matching(pattern) if pattern else []
    if pattern and not found:
        reader.warn(element, f"no session is called “{pattern}”: this user does not exist")
    return [ScheduledUser(start_time, number) for number in found]
