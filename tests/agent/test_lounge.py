"""Users wait for what the whole test shares, and the agent hears of them a few times a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trio.testing

from pytsung.agent.lounge import Lounge
from pytsung.control.leases import IDS, Row, next_row_of
from pytsung.control.messages import (
    Gathered,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Message,
    Note,
    Release,
    Returned,
    Sends,
)
from pytsung.control.records import (
    Matches,
    MatchEvent,
)
from pytsung.user.match_log import MOST_EVENTS
from pytsung.user.steps import STAY, Step
from pytsung.user.world import World
from tests.user.stage import Stage

ROWS = next_row_of("users")


@dataclass(eq=False)
class Guest:
    """A live user that remembers why it was let go."""

    why: list[str] = field(default_factory=list)

    @property
    def user(self) -> Guest:
        return self

    def supplied(self, now: float) -> Step:
        self.why.append("supplied")
        return STAY

    def released(self, now: float) -> Step:
        self.why.append("released")
        return STAY

    def perform(self, step: Step) -> None:
        assert step is STAY


class FakeReactor:
    """Remembers that somebody wants to be woken."""

    def wake_at(self, item: Any, deadline: float) -> None:
        item.deadline = deadline


@dataclass
class Place:
    """A lounge, and what it told the agent."""

    told: list[Message] = field(default_factory=list)
    is_full: bool = False

    def __post_init__(self) -> None:
        self.lounge = Lounge(FakeReactor(), self.tell)  # type: ignore[arg-type] # all it uses
        self.lounge.origin = 100.0
        self.world: World = Stage(()).user.world
        self.lounge.world = self.world

    def tell(self, message: Message) -> None:
        if self.is_full:
            raise trio.WouldBlock
        self.told.append(message)

    def guest(self) -> Any:
        return Guest()


def test_who_is_in_need_goes_on_with_the_delivery() -> None:
    """All who wait for it look again; whoever finds nothing comes back."""
    place = Place()
    guests = [place.guest(), place.guest()]
    assert place.lounge.supplies.lacking({ROWS: 1}) == ROWS
    assert place.told == [LeaseRequest(ROWS, 16, True)]
    for guest in guests:
        place.lounge.need(guest, ROWS)
    assert list(place.lounge.everyone()) == guests
    place.lounge.heed(Lease(IDS, (Row(1, "1"),)))
    assert guests[0].why == []
    place.lounge.heed(Lease(ROWS, (Row(0, "a"), Row(1, "b"))))
    assert [guest.why for guest in guests] == [["supplied"]] * 2
    assert not list(place.lounge.everyone())
    assert place.lounge.supplies.take(ROWS) == "a"


def test_what_is_left_is_given_back() -> None:
    """When others need it, and at the end."""
    place = Place()
    place.lounge.heed(Lease(ROWS, (Row(0, "a"), Row(1, "b"), Row(2, "c"))))
    place.lounge.heed(Lease(IDS, (Row(1, "1"),)))
    place.lounge.heed(LeaseRecall(ROWS))
    assert place.told == [Returned(ROWS, (0, 1, 2))]
    place.lounge.heed(Lease(ROWS, (Row(5, "f"),)))
    place.lounge.close()
    assert place.told[1:] == [Returned(ROWS, (5,))]


async def settled(place: Place) -> None:
    """Settle, answering the order of none after what was ordered before."""

    async def answer() -> None:
        await trio.testing.wait_all_tasks_blocked()
        assert place.told[-1] == LeaseRequest(ROWS, 0)
        place.lounge.heed(Lease(ROWS, (Row(7, "late"),)))
        place.lounge.heed(Lease(ROWS, ()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        await place.lounge.settle()


def test_no_row_is_lost_that_comes_when_all_is_done() -> None:
    """A second order may be under way though the first was delivered: its rows come late."""
    place = Place()
    supplies = place.lounge.supplies
    supplies.prepare([ROWS])
    supplies.lacking({ROWS: 1})
    assert place.told == [LeaseRequest(ROWS, 16), LeaseRequest(ROWS, 16, True)]
    place.lounge.heed(Lease(ROWS, (Row(0, "a"), Row(1, "b"))))
    trio.run(settled, place)
    place.lounge.close()
    assert place.told[-1] == Returned(ROWS, (0, 1, 7))


def test_who_gathers_is_told_of_together_and_released_in_order() -> None:
    """One message for all who came since the last."""
    place = Place()
    guests = [place.guest() for _ in range(3)]
    for guest in guests:
        place.lounge.gather(guest)
    assert place.told == []
    place.lounge.on_timer()
    assert place.told == [Gathered(3)]
    place.lounge.heed(Release(2))
    assert [guest.why for guest in guests] == [["released"], ["released"], []]
    place.lounge.heed(Release(5))
    assert guests[2].why == ["released"]
    place.lounge.on_timer()
    assert place.told == [Gathered(3)]


def test_interactions_travel_in_seconds_of_the_test() -> None:
    """Each worker has a clock of its own."""
    place = Place()
    place.world.encounters.note("x", 101.5)
    place.lounge.on_timer()
    assert place.told == [Sends({"x": 1.5})]
    place.lounge.heed(Sends({"x": 2.5, "y": 0.5}))
    assert place.world.encounters.last("x") == 102.5
    assert place.world.encounters.last("y") == 100.5


def test_matches_are_told_and_what_was_too_much_is_said() -> None:
    """A line in the controller's log; nothing grows without bound."""
    place = Place()
    event = MatchEvent(101.0, 1, 1, 1, "match", "-", "-")
    for _ in range(MOST_EVENTS + 5):
        place.world.match_log.note(event)
    place.lounge.report_matches()
    matches, note = place.told
    assert isinstance(matches, Matches)
    assert len(matches.events) == MOST_EVENTS
    assert matches.events[0].at == 1.0
    assert isinstance(note, Note)
    assert note.text.startswith("5 matches")
    place.lounge.report_matches()
    assert len(place.told) == 2


@pytest.mark.parametrize("size", [3_000_000])
def test_dumped_answers_are_bounded_too(size: int) -> None:
    """By their bytes."""
    place = Place()
    event = MatchEvent(101.0, 1, 1, 1, "match", "-", "-", b"x" * size)
    for _ in range(3):
        place.world.match_log.note(event)
    assert len(place.world.match_log.take()) == 1
    assert place.world.match_log.lost == 2


def test_an_agent_that_is_slow_to_read_hears_all_of_it_later() -> None:
    """In order, and without an error."""
    place = Place(is_full=True)
    place.lounge.supplies.lacking({ROWS: 1})
    place.lounge.gather(place.guest())
    place.lounge.on_timer()
    assert place.told == []
    assert place.lounge.deadline < 1e12
    place.is_full = False
    place.lounge.on_timer()
    assert place.told == [LeaseRequest(ROWS, 16, True), Gathered(1)]
