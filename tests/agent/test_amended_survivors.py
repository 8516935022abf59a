"""An operator changes the load of a test that has lost an agent: both hold, for every user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from pytsung.agent import arrivals as module
from pytsung.control.orders import Action, Order
from pytsung.control.share import AgentShare, Resume
from pytsung.controller.amendments import amendments, change_of
from pytsung.controller.redistribution import Position, Survivor, redistribute
from pytsung.controller.shares import AgentRole, make_shares
from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    Endpoint,
    Load,
    Plan,
    ScheduledUser,
    Session,
    Target,
)
from pytsung.reactor.calendar import NEVER
from pytsung.schedule.timetable import Timetable
from tests.agent.test_arrivals import ORIGIN, Clock, Player, player

WEIGHTS = (1.0, 2.0, 1.0)
FIXED = (12.5, 35.5, 62.5)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock, in place of the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(module, "monotonic", clock)
        yield clock


@dataclass
class Host:
    """One agent: its share as the controller knows it, and a player for each of its workers."""

    name: str
    share: AgentShare
    players: list[Player] = field(default_factory=list)
    is_lost: bool = False


class Fleet:
    """Three agents that play 60 s of 20 users per second, and whoever has a fixed time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        hosts = tuple(AgentHost(f"h{n}", 1, weight=weight) for n, weight in enumerate(WEIGHTS))
        load = Load(
            (ArrivalPhase(1, 60.0, 20.0, None, (1.0,)),), tuple(ScheduledUser(t, 0) for t in FIXED)
        )
        targets = (Target(Endpoint("a", 1)),)
        plan = Plan("t", hosts, targets, load, (Session("s", "ts_line", ()),))
        shares = make_shares(plan, [AgentRole(h.name, (h,), 1) for h in hosts], 5)
        self.timetable = Timetable.of(load)
        self.hosts = [Host(f"h{n}", share) for n, share in enumerate(shares)]
        clock.now = ORIGIN
        for host in self.hosts:
            self._employ(host, 0, None)

    def _employ(self, host: Host, worker: int, place: Resume | None) -> None:
        own = replace(host.share, workers=(host.share.workers[worker],))
        played = player(self.clock, own)
        played.arrivals.begin(ORIGIN, place)
        host.players.append(played)

    def play(self, until: float) -> None:
        """Let everybody play until some seconds after the start, each by itself."""
        began = self.clock.now
        for host in self.hosts:
            for one in host.players if not host.is_lost else ():
                self.clock.now = began
                arrivals = one.arrivals
                while not arrivals.is_finished and arrivals.deadline < min(NEVER, ORIGIN + until):
                    self.clock.now = max(self.clock.now, arrivals.deadline)
                    arrivals.deadline = NEVER
                    arrivals.on_timer()
        self.clock.now = ORIGIN + until

    def lose(self, number: int, at: float) -> None:
        """An agent is gone; the others adopt what it would have played."""
        gone = self.hosts[number]
        gone.is_lost = True
        phase = self.timetable.place(at)
        assert phase is not None
        here = Position(phase, self.timetable.stretches[phase].begins)
        positions = {worker.index: here for worker in gone.share.workers}
        left = {host.name: host for host in self.hosts if not host.is_lost}
        survivors = [Survivor(name, host.share) for name, host in left.items()]
        for name, adoption in redistribute(gone.share, positions, at, survivors):
            host = left[name]
            host.share = replace(host.share, workers=(*host.share.workers, adoption.share))
            self._employ(host, len(host.share.workers) - 1, adoption.resume)

    def order(self, action: Action, at: float, rate: float = 0.0) -> None:
        """All who are there hear of an order that holds from `at` on."""
        change = change_of(Order(action, rate), self.timetable, at)
        shares, lost = [h.share for h in self.hosts], [h.is_lost for h in self.hosts]
        for host, amendment in zip(self.hosts, amendments(change, shares, lost), strict=True):
            host.share = amendment.apply(host.share)
            for number, one in enumerate(host.players if not host.is_lost else ()):
                one.arrivals.amend(host.share, host.share.workers[number], amendment)

    @property
    def came(self) -> list[tuple[float, int]]:
        """When each user came, and its number."""
        everybody = (c for h in self.hosts for one in h.players for c in one.crowd.came)
        return sorted((at, number) for at, number, *_ in everybody)

    def came_between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at, _ in self.came)

    def check_books(self) -> None:
        """All who were wanted came once, or were cut off; no number was given twice."""
        dropped = sum(
            one.crowd.world.recorder.users_dropped for h in self.hosts for one in h.players
        )
        came = self.came
        assert len(came) + dropped == self.timetable.wanted + len(self.timetable.fixed)
        assert len({number for _, number in came}) == len(came)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_new_rate_is_the_survivors_alone(clock: Clock, lost: int) -> None:
    """Half of the users of a new rate must not be given to a host that is gone."""
    fleet = Fleet(clock)
    fleet.play(until=20.0)
    fleet.lose(lost, at=20.0)
    fleet.play(until=39.8)
    assert fleet.came_between(20.0, 39.8) == pytest.approx(20 * 20, abs=80)
    fleet.order(Action.RATE, at=40.0, rate=100.0)
    fleet.play(until=1e6)
    assert fleet.came_between(40.0, 60.0) == pytest.approx(20 * 100, abs=180)
    newcomers = [one for host in fleet.hosts for one in host.players[1:]]
    assert newcomers, "nobody adopted anything"
    assert all(at < 40.1 for one in newcomers for at, *_ in one.crowd.came if at not in FIXED)
    fleet.check_books()


def test_what_was_adopted_waits_in_a_pause_too(clock: Clock) -> None:
    """The rest of the lost agent's phase belongs to everybody after the pause."""
    fleet = Fleet(clock)
    fleet.play(until=20.0)
    fleet.lose(1, at=20.0)
    fleet.play(until=29.8)
    fleet.order(Action.PAUSE, at=30.0)
    fleet.play(until=49.8)
    assert fleet.came_between(30.1, 49.8) == 0
    fleet.order(Action.RESUME, at=50.0)
    fleet.play(until=1e6)
    assert fleet.came_between(50.0, 80.0) == pytest.approx(30 * 20, abs=100)
    assert fleet.timetable.fixed == pytest.approx([12.5, 55.5, 82.5], abs=1e-6)
    for at in fleet.timetable.fixed:
        assert fleet.came_between(at - 0.01, at + 0.01) >= 1
    fleet.check_books()


def test_an_agent_lost_in_a_pause_leaves_its_part_of_the_rest(clock: Clock) -> None:
    """Its users are due after the pause; that nobody came meanwhile must not lose them."""
    fleet = Fleet(clock)
    fleet.play(until=29.8)
    fleet.order(Action.PAUSE, at=30.0)
    fleet.play(until=40.0)
    fleet.lose(1, at=40.0)
    fleet.play(until=49.8)
    fleet.order(Action.RESUME, at=50.0)
    fleet.play(until=1e6)
    assert fleet.came_between(30.1, 49.8) == 0
    assert fleet.came_between(50.0, 80.0) == pytest.approx(30 * 20, abs=100)
    fleet.check_books()
