"""Each row of a file is used once, over all workers, before any is used again."""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytsung.control.leases import (
    IDS,
    Delivery,
    Parcel,
    Recall,
    Row,
    Storehouse,
    Supply,
    next_row_of,
    random_row_of,
)
from pytsung.user.supplies import ExhaustedError, Supplies

USERS = next_row_of("users")


class Fair:
    """A storehouse and its workers; parcels arrive in the order of `random`."""

    def __init__(self, rows: int, workers: int, random: Random) -> None:
        self.storehouse = Storehouse(
            {"users": [str(number) for number in range(rows)], "empty": []}, workers, random
        )
        self.random = random
        self.now = 0.0
        self.parcels: list[Parcel] = []
        self.workers = [Supplies(partial(self.order, me)) for me in range(workers)]
        self.waiting: Counter[int] = Counter()
        self.used: list[str] = []
        self.messages = 0

    def order(self, worker: int, supply: Supply, count: int, is_urgent: bool) -> None:
        self.messages += 1
        self.parcels += self.storehouse.ordered(
            worker, supply, count, is_urgent=is_urgent, now=self.now
        )

    def arrive(self, worker: int) -> None:
        """A user needs a row."""
        self.waiting[worker] += 1
        self.use(worker)

    def use(self, worker: int) -> None:
        supplies = self.workers[worker]
        while self.waiting[worker] and supplies.lacking({USERS: 1}) is None:
            self.waiting[worker] -= 1
            self.used.append(supplies.take(USERS))

    def deliver(self) -> None:
        """One parcel arrives; those for one worker in order."""
        parcel = self.parcels.pop(0)
        worker = parcel.holder
        assert isinstance(worker, int)
        if isinstance(parcel, Recall):
            rows = self.workers[worker].recalled(parcel.supply)
            numbers = [row.number for row in rows]
            self.parcels += self.storehouse.returned(worker, parcel.supply, numbers, self.now)
        else:
            self.workers[worker].delivered(parcel.supply, parcel.rows)
        self.use(worker)

    def settle(self) -> None:
        while self.parcels:
            self.deliver()


@given(st.integers(1, 300), st.integers(1, 8), st.integers(1, 3), st.randoms(use_true_random=False))
@example(1, 2, 3, Random(1))
@settings(max_examples=60, deadline=None)
def test_every_pass_uses_every_row_once(
    rows: int, workers: int, passes: int, random: Random
) -> None:
    """As long as a pass takes a second or more, whoever the users come to."""
    fair = Fair(rows, workers, random)
    for arrival in range(rows * passes):
        fair.now += 3.0 / rows
        fair.arrive(random.randrange(workers))
        while fair.parcels and random.random() < 0.7:
            fair.deliver()
        if arrival % rows == rows - 1:
            fair.settle()
    fair.settle()
    assert not +fair.waiting
    for begin in range(0, rows * passes, rows):
        assert sorted(fair.used[begin : begin + rows], key=int) == [str(n) for n in range(rows)]


def test_one_worker_uses_a_file_in_its_order() -> None:
    """That is what people mean by `iter`."""
    fair = Fair(50, 1, Random(1))
    for _ in range(120):
        fair.now += 0.1
        fair.arrive(0)
        fair.settle()
    assert fair.used == [str(number % 50) for number in range(120)]


def test_a_long_file_needs_few_messages() -> None:
    """Never one for each request: a million rows would be a million messages."""
    fair = Fair(100_000, 8, Random(1))
    for number in range(100_000):
        fair.now += 0.001
        fair.arrive(number % 8)
        fair.settle()
    assert Counter(fair.used).most_common(1)[0][1] == 1
    assert len(fair.used) == 100_000
    assert fair.messages < 1000


def test_a_short_file_that_is_used_up_at_once_is_shared_out_in_long_blocks() -> None:
    """Ten rows for a thousand users a second: nobody waits for the last one to be returned."""
    fair = Fair(10, 4, Random(1))
    for number in range(20_000):
        fair.now += 0.001
        fair.arrive(number % 4)
        fair.settle()
    counts = Counter(fair.used)
    assert len(fair.used) == 20_000
    assert fair.messages < 2000
    assert max(counts.values()) - min(counts.values()) < 20


def test_rows_of_a_worker_that_died_are_not_waited_for() -> None:
    """It may have used them; the others go on."""
    storehouse = Storehouse({"users": ["a", "b"]}, 1, Random(1))
    storehouse.ordered("dead", USERS, 2, is_urgent=False, now=0.0)
    storehouse.ordered("dead", USERS, 2, is_urgent=False, now=0.0)
    assert storehouse.ordered("alive", USERS, 1, is_urgent=True, now=9.0) == [Recall("dead", USERS)]
    (delivery,) = storehouse.left("dead", 9.5)
    assert isinstance(delivery, Delivery)
    assert [row.text for row in delivery.rows] == ["a"]


def test_ids_are_unique_and_start_at_one() -> None:
    """Over all workers; each gets a block of its own."""
    storehouse = Storehouse({}, 2, Random(1))
    parcels = [
        *storehouse.ordered("a", IDS, 3, is_urgent=True, now=0.0),
        *storehouse.ordered("b", IDS, 2, is_urgent=True, now=0.0),
    ]
    texts = [
        [row.text for row in parcel.rows] for parcel in parcels if isinstance(parcel, Delivery)
    ]
    assert texts == [["1", "2", "3"], ["4", "5"]]


def test_random_rows_are_drawn_with_the_runs_seed() -> None:
    """So that a run can be repeated."""

    def drawn(seed: int) -> list[str]:
        storehouse = Storehouse({"users": list("abcdef")}, 1, Random(seed))
        (parcel,) = storehouse.ordered("w", random_row_of("users"), 50, is_urgent=False, now=0.0)
        assert isinstance(parcel, Delivery)
        return [row.text for row in parcel.rows]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == set("abcdef")


@pytest.mark.parametrize("supply", [next_row_of("empty"), random_row_of("empty")])
def test_an_empty_file_is_said_to_be_empty(supply: Supply) -> None:
    """Its users end, counted; they do not wait for ever."""
    fair = Fair(1, 1, Random(1))
    assert fair.workers[0].lacking({supply: 1}) == supply
    fair.settle()
    with pytest.raises(ExhaustedError):
        fair.workers[0].lacking({supply: 1})


def test_an_order_of_none_takes_back_the_one_before() -> None:
    """A worker that ends would otherwise be sent rows which nobody uses any more."""
    storehouse = Storehouse({"users": ["a"]}, 2, Random(1))
    order = partial(storehouse.ordered, supply=USERS, is_urgent=False, now=0.0)
    assert order("one", count=1) == [Delivery("one", USERS, (Row(0, "a"),))]
    assert order("two", count=1) == []  # all is out, and nobody waits
    assert order("two", count=0) == [Delivery("two", USERS, ())]
    assert storehouse.returned("one", USERS, [0], now=0.5) == []
