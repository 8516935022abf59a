"""A worker starts its users when the plan says so: on a clock of its own, an hour is an instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.agent import arrivals as module
from pytsung.agent.arrivals import AHEAD, BATCH, Arrivals, Watcher
from pytsung.control.share import AgentShare, Resume, WorkerShare
from pytsung.plan import (
    ArrivalPhase,
    Endpoint,
    Load,
    Plan,
    ScheduledUser,
    Session,
    Target,
)
from pytsung.protocols.registry import Registry
from pytsung.reactor.calendar import NEVER
from pytsung.schedule.arrivals import arrival_times
from pytsung.stats import Recorder
from pytsung.user.program import Program
from pytsung.user.world import World
from tests.user.lines import LineRoom

ORIGIN = 1000.0
SESSIONS = ("first", "second")


@dataclass
class Clock:
    """The monotonic clock of the tests."""

    now: float = ORIGIN

    def __call__(self) -> float:
        return self.now


SOON = 0.0
"""Not a deadline: the reactor's next turn."""


class FakeReactor:
    """Remembers the one deadline that it was asked for."""

    def wake_at(self, item: Arrivals, deadline: float) -> None:
        item.deadline = deadline

    def call_soon(self, callback: Callable[[], object]) -> None:
        item = callback.__self__  # type: ignore[attr-defined] # always a method, of Arrivals
        item.deadline = SOON


@dataclass
class FakeCrowd:
    """Users who stay for `stay` seconds, and when each of them came."""

    clock: Clock
    stay: float = 0.0
    came: list[tuple[float, int, str, int]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reactor = FakeReactor()
        self.world = World(Recorder(), Random(1))

    @property
    def size(self) -> int:
        return sum(end > self.clock.now for end in self.ends)

    def start_user(self, number: int, program: Program, endpoint: Endpoint, now: float) -> None:
        self.came.append((self.clock.now - ORIGIN, number, program.session.name, endpoint.port))
        self.ends.append(self.clock.now + self.stay)


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    """The clock, in place of the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(module, "monotonic", clock)
        yield clock


def share_of(*phases: ArrivalPhase, users: tuple[ScheduledUser, ...] = (), **of: int) -> AgentShare:
    """A share of one worker that plays all of it."""
    sessions = tuple(Session(name, "ts_line", ()) for name in SESSIONS)
    load = Load(phases, users)
    targets = (Target(Endpoint("a", 1)), Target(Endpoint("b", 2)))
    worker = WorkerShare(
        index=of.get("index", 0),
        count=of.get("count", 1),
        phase_users=tuple(phase.users for phase in phases),
        phase_rates=tuple(phase.rate for phase in phases),
        scheduled_users=users,
        max_users=of.get("max_users", 10**6),
    )
    return AgentShare(Plan("t", (), targets, load, sessions), of.get("seed", 5), (worker,))


def phase(users: int, rate: float, duration: float = 1e6, **fields: object) -> ArrivalPhase:
    return ArrivalPhase(1, duration, rate, users, (0.5, 0.5), **fields)  # type: ignore[arg-type] # any


@dataclass
class Player:
    """Arrivals, with everything they told."""

    clock: Clock
    share: AgentShare
    crowd: FakeCrowd
    phases: list[tuple[int, float]] = field(default_factory=list)
    handed_over: list[Resume] = field(default_factory=list)
    foreseen: list[Resume] = field(default_factory=list)
    handed_over_at: float = 0.0
    finished: int = 0

    def __post_init__(self) -> None:
        room = Registry([LineRoom()]).room("ts_line")
        programs = [Program(session, room) for session in self.share.plan.sessions]
        watcher = Watcher(self._phase, self.foreseen.append, self._hand_over, self._finish)
        self.arrivals = Arrivals(
            self.crowd,  # type: ignore[arg-type] # a fake of what is used of it
            self.share,
            self.share.workers[0],
            programs,
            watcher,
        )

    def _phase(self, number: int, at: float) -> None:
        self.phases.append((number, at))

    def _hand_over(self, place: Resume) -> None:
        self.handed_over.append(place)
        self.handed_over_at = self.clock.now

    def _finish(self) -> None:
        self.finished += 1

    def play(self, place: Resume | None = None, until: float = NEVER, late: float = 0.0) -> None:
        """Play to the end, or for so many seconds; each timer fires `late`."""
        if place is None:
            self.clock.now = ORIGIN
        self.arrivals.begin(ORIGIN, place)
        while not self.finished and self.arrivals.deadline < min(NEVER, ORIGIN + until):
            is_timer = self.arrivals.deadline != SOON
            self.clock.now = max(self.clock.now, self.arrivals.deadline) + is_timer * late
            self.arrivals.deadline = NEVER
            self.arrivals.on_timer()


def player(clock: Clock, share: AgentShare, stay: float = 0.0) -> Player:
    return Player(clock, share, FakeCrowd(clock, stay))


def planned(share: AgentShare, number: int = 0) -> list[float]:
    """The times that the schedule gives a phase, by itself."""
    worker = share.workers[0]
    rates = worker.phase_rates
    random = Random(f"{share.seed}:{worker.index}:{number}:times")
    first = rates[number - 1] if number else rates[0]
    return list(arrival_times(worker.phase_users[number], rates[number], first, random))


def test_users_come_at_the_times_of_the_schedule(clock: Clock) -> None:
    """Within a batch of 5 ms, never early by more than half of it; lateness says by how much."""
    share = share_of(phase(500, rate=50.0))
    played = player(clock, share)
    played.play()
    times = [at for at, *_ in played.crowd.came]
    assert len(times) == 500
    for at, due in zip(times, planned(share), strict=True):
        assert -BATCH / 2 - 1e-9 <= at - due <= BATCH + 1e-9
    assert played.arrivals.lateness == pytest.approx(
        [max(0.0, at - due) for at, due in zip(times, planned(share), strict=True)]
    )
    assert played.phases == [(1, 0.0)]
    assert played.finished == 1


def test_a_late_loop_starts_everybody_and_says_how_late(clock: Clock) -> None:
    """Start times come from the phase's start, never from the last user: nothing adds up."""
    share = share_of(phase(300, rate=100.0))
    played = player(clock, share)
    played.play(late=0.2)
    assert len(played.crowd.came) == 300
    assert max(played.arrivals.lateness) < 0.2 + 2 * BATCH + 0.2
    last_due = planned(share)[-1]
    assert played.crowd.came[-1][0] - last_due < 0.5


def test_numbers_are_unique_over_all_workers(clock: Clock) -> None:
    """1, 2, 3… over the whole test: each worker takes every n-th."""
    numbers = []
    for index in range(3):
        played = player(clock, share_of(phase(10, rate=5.0), index=index, count=3))
        played.play()
        numbers += [number for _, number, *_ in played.crowd.came]
    assert sorted(numbers) == list(range(1, 31))


def test_a_seed_repeats_arrivals_and_choices(clock: Clock) -> None:
    """`--seed`: the same users at the same times, with the same sessions and targets."""
    share = share_of(phase(100, rate=50.0), seed=9)
    one, same = player(clock, share), player(clock, share)
    other = player(clock, share_of(phase(100, rate=50.0), seed=10))
    for played in (one, same, other):
        played.play()
    assert one.crowd.came == same.crowd.came
    assert [at for at, *_ in one.crowd.came] != [at for at, *_ in other.crowd.came]
    assert {session for _, _, session, _ in one.crowd.came} == set(SESSIONS)
    assert {port for *_, port in one.crowd.came} == {1, 2}


def test_phases_follow_each_other_on_time(clock: Clock) -> None:
    """A phase lasts its duration, empty or not; the last one ends with its last user."""
    phases = (
        phase(5, rate=100.0, duration=10.0),
        phase(0, rate=100.0, duration=20.0),  # Tsung skips it, or crashes
        phase(5, rate=100.0, duration=10.0),
    )
    played = player(clock, share_of(*phases))
    played.play()
    assert played.phases == [(1, 0.0), (2, 10.0), (3, 30.0)]
    assert played.crowd.world.recorder.counters["newphase"] == 2
    times = [at for at, *_ in played.crowd.came]
    assert len(times) == 10
    assert all(at < 2 for at in times[:5])
    assert all(30 <= at < 32 for at in times[5:])
    assert clock.now - ORIGIN < 32


def test_users_who_do_not_fit_in_a_phase_are_dropped(clock: Clock) -> None:
    """Tsung's rule: their number is fixed, their times are random, and the phase ends on time."""
    phases = (phase(80, rate=10.0, duration=8.0), phase(10, rate=100.0, duration=8.0))
    shares = (share_of(*phases, seed=seed) for seed in range(99))
    share = next(share for share in shares if planned(share)[-1] > 8.5)  # half of them are
    in_time = sum(time <= 8.0 for time in planned(share))
    played = player(clock, share)
    played.play()
    first = [at for at, *_ in played.crowd.came if at <= 8.0]
    assert len(first) == in_time
    assert played.crowd.world.recorder.users_dropped == 80 - in_time > 0
    assert played.phases[1] == (2, 8.0)


def test_a_phase_may_wait_for_all_sessions_to_end(clock: Clock) -> None:
    """`wait_all_sessions_end`; not after the last phase."""
    phases = (
        phase(5, rate=100.0, duration=2.0, wait_all_sessions_end=True),
        phase(5, rate=100.0, duration=2.0, wait_all_sessions_end=True),
    )
    played = player(clock, share_of(*phases), stay=30.0)
    played.play()
    (_, origin) = played.phases[1]
    assert 30.0 <= origin < 31.0
    assert clock.now - ORIGIN < 33.0


def test_scheduled_users_come_at_their_time_whatever_the_phases(clock: Clock) -> None:
    """Tsung's `<user>`."""
    users = (ScheduledUser(0.0, 1), ScheduledUser(7.5, 0), ScheduledUser(50.0, 1))
    played = player(clock, share_of(phase(3, rate=1.0, duration=20.0), users=users))
    played.play()
    seen = [(round(at, 2), session) for at, _, session, _ in played.crowd.came]
    for user in users:
        assert (user.start_time, SESSIONS[user.session]) in seen
    assert len(seen) == 6
    assert played.finished == 1
    alone = player(clock, share_of(users=users))
    alone.play()
    assert [round(at, 2) for at, *_ in alone.crowd.came] == [0.0, 7.5, 50.0]


def test_nothing_to_play_is_finished_at_once(clock: Clock) -> None:
    """A worker whose share is empty must not keep the run waiting."""
    played = player(clock, share_of())
    played.play()
    assert played.finished == 1


def test_a_stop_tells_who_was_due(clock: Clock) -> None:
    """Users due but not started spoil a run; those who were not due yet do not."""
    share = share_of(phase(100, rate=10.0), users=(ScheduledUser(1.0, 0), ScheduledUser(99.0, 0)))
    played = player(clock, share)
    played.play(until=0.5)
    clock.now = ORIGIN + 5.0
    due = sum(time <= 5.0 for time in planned(share)) + 1
    assert played.arrivals.stop() == due - len(played.crowd.came)
    assert played.finished == 1
    played.arrivals.on_timer()
    assert clock.now == ORIGIN + 5.0
    assert played.arrivals.is_finished


def test_a_stop_before_the_start_finds_nobody_due(clock: Clock) -> None:
    """During the warm-up, say."""
    played = player(clock, share_of(phase(100, rate=10.0)))
    played.clock.now = ORIGIN - 1.0
    played.arrivals.begin(ORIGIN)
    assert played.arrivals.stop() == 0


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=3),
    st.lists(st.floats(0, 12), max_size=5),
    st.floats(0, 20),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_successor_starts_exactly_whom_its_predecessor_did_not(
    clock: Clock,
    max_users: int,
    sizes: list[tuple[int, bool]],
    times: list[float],
    stay: float,
    seed: int,
    has_sources: bool,
) -> None:
    """However small workers are, together they play what one large one would have played."""
    phases = tuple(phase(size, 12.0, 4.0, wait_all_sessions_end=False) for size, _ in sizes)
    users = tuple(ScheduledUser(time, 1) for time in sorted(times))
    whole = player(clock, share_of(*phases, users=users, seed=seed))
    whole.play()

    share = share_of(*phases, users=users, seed=seed, max_users=max_users)
    came: list[tuple[float, int, str, int]] = []
    dropped = 0
    place: Resume | None = None
    foreseen: list[Resume] = []
    for _ in range(200):
        played = player(clock, share, stay)
        for one in foreseen:
            played.arrivals.foresee(one)
        played.play(place)
        assert played.finished == 1
        came += played.crowd.came
        dropped += played.crowd.world.recorder.users_dropped
        assert len(played.foreseen) <= 1
        foreseen = [one if has_sources else replace(one, sources=None) for one in played.foreseen]
        if not played.handed_over:
            break
        (place,) = played.handed_over
        clock.now = played.handed_over_at
        if not has_sources:
            place = replace(place, sources=None)
    else:
        raise AssertionError("the handing over does not end")
    assert sorted(number for _, number, *_ in came) == list(range(1, len(came) + 1))
    for name in SESSIONS:
        counts = [sum(one[2] == name for one in run) for run in (came, whole.crowd.came)]
        assert counts[0] == counts[1]
    assert dropped == whole.crowd.world.recorder.users_dropped
    by_time = [at for at, *_ in sorted(came)]
    assert by_time == pytest.approx([at for at, *_ in sorted(whole.crowd.came)], abs=2 * BATCH)


def test_a_successor_is_asked_for_before_it_is_needed(clock: Clock) -> None:
    """At three quarters, once: so that nobody is late for a fork."""
    played = player(clock, share_of(phase(100, rate=10.0), max_users=8), stay=1e6)
    played.play()
    assert len(played.crowd.came) == 8
    assert [place.launched for place in played.foreseen] == [6]
    (place,) = played.handed_over
    assert (place.phase, place.launched, place.users) == (0, 8, 8)


def test_a_successor_takes_over_before_the_last_places_are_taken(clock: Clock) -> None:
    """It begins while its predecessor still starts those for whom it has room: nobody is late."""
    share = share_of(phase(1000, rate=40.0), max_users=400)
    played = player(clock, share, stay=1e6)
    played.play()
    (place,) = played.handed_over
    assert played.handed_over_at < ORIGIN + planned(share)[400] - 0.9 * AHEAD
    assert (place.launched, place.users, len(played.crowd.came)) == (400, 400, 400)
    clock.now = played.handed_over_at + 0.5 * AHEAD  # the message takes its time
    successor = player(clock, share)
    successor.play(place, until=20.0)
    came = [*played.crowd.came, *successor.crowd.came]
    assert [at for at, *_ in came] == pytest.approx(planned(share)[: len(came)], abs=BATCH)
    assert [number for _, number, *_ in came] == list(range(1, len(came) + 1))


def test_a_stop_finds_those_who_were_due_among_the_last(clock: Clock) -> None:
    """Those of its successor are for the successor to tell, and so are the scheduled ones."""
    users = (ScheduledUser(1e5, 0),)
    played = player(clock, share_of(phase(1000, rate=40.0), users=users, max_users=400), stay=1e6)
    played.play(until=planned(played.share)[395])
    assert played.handed_over
    assert played.finished < 1
    left = 400 - len(played.crowd.came)
    assert left > 2
    clock.now = ORIGIN + 1e6
    assert played.arrivals.stop() == left
    assert played.finished == 1


def test_a_successor_that_has_looked_ahead_begins_without_drawing_everything_again(
    clock: Clock,
) -> None:
    """Half a million arrivals take a quarter of a second, in which the next ones would be late."""
    share = share_of(phase(1000, rate=10.0), max_users=800)
    played = player(clock, share, stay=1e6)
    played.play()
    (soon,), (place,) = played.foreseen, played.handed_over
    soon, place = replace(soon, sources=None), replace(place, sources=None)
    successor = player(clock, share)
    successor.arrivals.foresee(soon)
    times, drawn = successor.arrivals._times, 0

    def counted() -> Iterator[float]:
        nonlocal drawn
        for at in times:
            drawn += 1
            yield at

    successor.arrivals._times = counted()
    successor.play(place)
    assert len(successor.crowd.came) == 200
    assert soon.launched == 600
    assert drawn == 1000 - 600 - 1  # the next one is known beforehand


def test_a_successor_goes_on_with_the_sources_of_its_predecessor(clock: Clock) -> None:
    """Nothing is drawn again: users who are due at that moment would wait for it."""
    share = share_of(phase(1000, rate=10.0), max_users=800)
    played = player(clock, share, stay=1e6)
    played.play()
    (soon,), (place,) = played.foreseen, played.handed_over
    successor = player(clock, share)
    successor.arrivals.foresee(soon)
    assert successor.arrivals._place.launched == 0
    successor.play(place)
    came = [at for at, *_ in (*played.crowd.came, *successor.crowd.came)]
    assert came == pytest.approx(planned(share), abs=BATCH)
    whole = player(clock, share_of(phase(1000, rate=10.0)))
    whole.play()
    sessions = [one[2] for one in (*played.crowd.came, *successor.crowd.came)]
    assert sessions == [one[2] for one in whole.crowd.came]
