"""An operator changes the load while users arrive: nobody is lost, doubled or excused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from pytsung.agent import arrivals as module
from pytsung.control.orders import Action, Order
from pytsung.control.share import AgentShare
from pytsung.controller.amendments import amendments, change_of
from pytsung.plan import ArrivalPhase, ScheduledUser
from pytsung.reactor.calendar import NEVER
from pytsung.schedule.timetable import Timetable
from tests.agent.test_arrivals import ORIGIN, Clock, Player, player, share_of


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock, in place of the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(module, "monotonic", clock)
        yield clock


class Amended:
    """A worker and the operator's timetable beside it."""

    def __init__(
        self,
        clock: Clock,
        *phases: ArrivalPhase,
        max_users: int = 10**6,
        fixed: Sequence[float] = (),
    ) -> None:
        self.clock = clock
        users = tuple(ScheduledUser(at, 0) for at in fixed)
        self.share: AgentShare = share_of(*phases, users=users, max_users=max_users)
        self.timetable = Timetable.of(self.share.plan.load)
        self.played: Player = player(clock, self.share)
        clock.now = ORIGIN
        self.played.arrivals.begin(ORIGIN)

    def play(self, until: float = 1e8) -> None:
        """Play until some seconds after the start."""
        arrivals = self.played.arrivals
        while not arrivals.is_finished and arrivals.deadline < min(NEVER, ORIGIN + until):
            self.clock.now = max(self.clock.now, arrivals.deadline)
            arrivals.deadline = NEVER
            arrivals.on_timer()
        self.clock.now = ORIGIN + until

    def order(self, action: Action, at: float, rate: float = 0.0) -> None:
        """Give an order that holds from `at` on."""
        change = change_of(Order(action, rate), self.timetable, at)
        (amendment,) = amendments(change, [self.share])
        self.share = amendment.apply(self.share)
        self.played.arrivals.amend(self.share, self.share.workers[0], amendment)

    def came(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at, *_ in self.played.crowd.came)

    @property
    def dropped(self) -> int:
        return self.played.crowd.world.recorder.users_dropped

    def check_books(self) -> None:
        """Started and dropped are together all that were wanted: what the verdict relies on."""
        wanted = self.timetable.wanted + len(self.timetable.fixed)
        assert len(self.played.crowd.came) + self.dropped == wanted


def steady(number: int, seconds: float, rate: float) -> ArrivalPhase:
    return ArrivalPhase(number, seconds, rate, None, (0.5, 0.5))


def test_nobody_arrives_in_a_pause_and_the_rest_does_after_it(clock: Clock) -> None:
    """The point of pausing is to let the target breathe, then to go on."""
    run = Amended(clock, steady(1, 100.0, 20.0), steady(2, 50.0, 5.0))
    run.play(until=40.0)
    run.order(Action.PAUSE, at=40.2)
    run.play(until=90.0)
    run.order(Action.RESUME, at=90.2)
    run.play()
    assert run.came(40.3, 90.1) == 0
    assert run.came(90.1, 151.0) == pytest.approx(60 * 20, abs=150)
    assert run.came(151.0, 210.0) == pytest.approx(50 * 5, abs=70)
    assert [phase for phase, _ in run.played.phases] == [1, 2, 3, 4]
    run.check_books()


def test_users_with_fixed_times_wait_too(clock: Clock) -> None:
    """Who has a time in the pause, or after it, comes so much later; who came, has come."""
    run = Amended(clock, steady(1, 100.0, 0.001), fixed=[10.0, 40.1, 50.0, 99.0])
    run.play(until=40.0)
    run.order(Action.PAUSE, at=40.2)
    run.play(until=90.0)
    assert times(run) == pytest.approx([10.0, 40.1], abs=0.01)
    run.order(Action.RESUME, at=90.2)
    run.play()
    assert times(run) == pytest.approx([10.0, 40.1, 100.0, 149.0], abs=0.01)
    assert max(run.played.arrivals.lateness) < 0.01
    run.check_books()


@pytest.mark.parametrize("phases", [(), (ArrivalPhase(1, 20.0, 1.0, None, (0.5, 0.5)),)])
def test_users_with_fixed_times_are_paused_without_a_phase(
    clock: Clock, phases: tuple[ArrivalPhase, ...]
) -> None:
    """After the last phase, or in a test that has none."""
    run = Amended(clock, *phases, fixed=[30.0, 60.0])
    for pause in (40.0, 55.0):  # it can be done again and again
        run.play(until=pause - 0.2)
        run.order(Action.PAUSE, at=pause)
        run.play(until=pause + 9.8)
        run.order(Action.RESUME, at=pause + 10.0)
    run.play()
    assert run.came(21.0, 1e6) == 2
    assert run.came(29.9, 30.1) == run.came(79.9, 80.1) == 1
    run.check_books()


def times(run: Amended) -> list[float]:
    """When those with a fixed time came, who play the first session."""
    return [at for at, _, session, _ in run.played.crowd.came if session == "first"]


def test_a_new_rate_begins_at_its_instant(clock: Clock) -> None:
    """Users come at the new rate at once, also after a very slow phase whose timer is far away."""
    run = Amended(clock, steady(1, 1000.0, 0.01))
    run.play(until=100.0)
    before = len(run.played.crowd.came)
    run.order(Action.RATE, at=100.2, rate=50.0)
    run.play(until=110.0)
    assert len(run.played.crowd.came) - before == pytest.approx(490, abs=100)
    run.play()
    run.check_books()


def test_who_was_due_before_the_pause_still_comes(clock: Clock) -> None:
    """A generator that is late must not be excused by an operator: those users count as late."""
    run = Amended(clock, steady(1, 100.0, 50.0))
    run.play(until=10.0)
    clock.now = ORIGIN + 20.0  # ten seconds in which the loop stood still
    run.order(Action.PAUSE, at=20.2)
    run.play(until=30.0)
    assert len(run.played.crowd.came) == pytest.approx(1000, abs=150)
    assert max(run.played.arrivals.lateness) == pytest.approx(10.0, abs=0.3)


def test_a_change_that_comes_late_is_played_all_the_same(clock: Clock) -> None:
    """A worker that was stuck hears of a change when its next phase has begun already."""
    run = Amended(clock, steady(1, 10.0, 20.0), steady(2, 50.0, 5.0))
    run.play(until=12.0)
    run.order(Action.RATE, at=9.0, rate=40.0)  # told three seconds too late
    run.play()
    assert len(run.played.crowd.came) >= run.timetable.wanted - run.dropped


def test_a_worker_that_had_started_everybody_starts_more(clock: Clock) -> None:
    """Its last user came before the phase's end, by chance: its users are still there."""
    run = Amended(clock, steady(1, 100.0, 0.5))
    run.play(until=99.0)
    while not run.played.arrivals.is_finished:  # the last one may be due after the end
        run.share = share_of(run.timetable.stretches[0].phase, seed=run.share.seed + 1)
        run.played = player(clock, run.share)
        clock.now = ORIGIN
        run.played.arrivals.begin(ORIGIN)
        run.play(until=98.0)
    run.order(Action.RATE, at=98.2, rate=100.0)
    run.play()
    assert run.came(98.0, 101.0) == pytest.approx(180, abs=80)
    run.check_books()


def test_a_successor_knows_of_the_change(clock: Clock) -> None:
    """A full worker hands over to one that was made ready before the operator's order."""
    run = Amended(clock, steady(1, 100.0, 20.0), max_users=300)
    run.played.crowd.stay = 1e6
    successor = player(clock, run.share)
    run.play(until=5.0)
    change = change_of(Order(Action.RATE, 100.0), run.timetable, 5.2)
    (amendment,) = amendments(change, [run.share])
    run.share = amendment.apply(run.share)
    for played in (run.played, successor):
        played.arrivals.amend(run.share, run.share.workers[0], amendment)
    run.play(until=60.0)
    assert run.played.handed_over
    place = run.played.handed_over[0]
    assert place.phase == 1
    successor.play(place)
    ours, theirs = len(run.played.crowd.came), len(successor.crowd.came)
    dropped = run.dropped + successor.crowd.world.recorder.users_dropped
    assert ours + theirs + dropped == run.timetable.wanted
