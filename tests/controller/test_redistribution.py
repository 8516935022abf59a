"""A lost agent's future users, dealt out: nobody may be started twice, and nobody be forgotten."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from pytsung.control.messages import Adopt
from pytsung.control.share import AgentShare, WorkerShare
from pytsung.controller.redistribution import (
    Position,
    Survivor,
    deal_turns,
    redistribute,
)
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
from pytsung.schedule.arrivals import worker_arrivals

PHASES = (ArrivalPhase(1, 10.0, 20.0, None, (1.0,)), ArrivalPhase(2, 5.0, 40.0, None, (1.0,)))
SEED = 7


def shares(
    weights: list[float], *, phases: tuple[ArrivalPhase, ...] = PHASES, workers: int = 2
) -> list[AgentShare]:
    hosts = tuple(
        AgentHost(f"h{n}", workers, weight=weight, source_addresses=(f"127.0.0.{n}",))
        for n, weight in enumerate(weights)
    )
    scheduled = tuple(ScheduledUser(float(second), 0) for second in range(12))
    target = Target(Endpoint("127.0.0.1", 7))
    load = Load(phases, scheduled)
    plan = Plan("t.xml", hosts, (target,), load, (Session("s", "ts_websocket", ()),))
    roles = [AgentRole(host.name, (host,), workers, host.source_addresses) for host in hosts]
    return make_shares(plan, roles, SEED)


def arrivals(share: WorkerShare, first: int, origin: float, launched: int) -> list[float]:
    """When the users of a share arrive from a place on, in seconds since the test's start."""
    times = []
    index = share.index if share.dealt is None else share.dealt.index
    for number in range(first, len(PHASES)):
        every = worker_arrivals(SEED, index, number, share.phase_users[number], share.phase_rates)
        own = list(every if share.dealt is None else share.dealt.pick(every))
        times += [origin + time for time in own[launched if number == first else 0 :]]
        origin += PHASES[number].duration
    return times


def adopted(adoption: Adopt) -> list[float]:
    place = adoption.resume
    return arrivals(adoption.share, place.phase, place.phase_origin, place.launched)


def numbers(share: WorkerShare, users: int) -> set[int]:
    """The numbers of a share's first users, as arrivals give them."""
    return {1 + share.index + user * share.count for user in range(users)}


@given(
    weights=some.lists(some.sampled_from([1.0, 2.0, 3.0]), min_size=2, max_size=5),
    at=some.floats(0.0, 16.0),
)
def test_survivors_play_what_was_still_to_come_and_nothing_else(
    weights: list[float], at: float
) -> None:
    """The very arrival times of the lost workers that lie after the loss, each of them once."""
    lost, *others = shares(weights)
    phase, origin = (0, 0.0) if at < 10 else (1, 10.0)
    positions = {worker.index: Position(phase, origin) for worker in lost.workers}
    survivors = [Survivor(f"h{n}", share) for n, share in enumerate(others, 1)]
    adoptions = redistribute(lost, positions, at, survivors)
    due = [
        time
        for worker in lost.workers
        for time in arrivals(worker, phase, origin, 0)
        if time > at or time >= 10 > at
    ]
    came = sorted(time for _, adoption in adoptions for time in adopted(adoption))
    assert came == sorted(due)
    scheduled = [user for _, one in adoptions for user in one.share.scheduled_users]
    assert sorted(user.start_time for user in scheduled) == sorted(
        user.start_time
        for worker in lost.workers
        for user in worker.scheduled_users
        if user.start_time > at
    )
    taken = [numbers(worker, 60) for share in others for worker in share.workers]
    taken += [numbers(one.share, len(adopted(one)) + 12) for _, one in adoptions]
    for worker in lost.workers:
        gone = sum(time <= at for time in arrivals(worker, 0, 0.0, 0))
        taken.append(numbers(worker, gone + len(worker.scheduled_users)))
    assert sum(map(len, taken)) == len(set().union(*taken)), "a user number was given twice"


def test_a_part_of_a_part_is_dealt_out_again() -> None:
    """Two hosts of four are lost, one after the other: the last two play everything."""
    first, second, *rest = shares([1.0, 1.0, 2.0, 1.0], workers=1)
    names = ["h1", "h2", "h3"]
    survivors = [Survivor(n, share) for n, share in zip(names, [second, *rest], strict=True)]
    one = redistribute(first, {}, 3.0, survivors)
    (parts,) = [adoption for name, adoption in one if name == "h1"]
    second = replace(second, workers=(*second.workers, parts.share))
    positions = {parts.share.index: Position(0, 0.0)}
    two = redistribute(second, positions, 6.0, survivors[1:])
    came = [time for name, one in one if name != "h1" for time in adopted(one)]
    came += [time for _, one in two for time in adopted(one)]
    due = [time for time in arrivals(first.workers[0], 0, 0.0, 0) if time > 3]
    due = [time for time in due if time > 6 or time not in adopted(parts)]
    due += [time for time in arrivals(second.workers[0], 0, 0.0, 0) if time > 6]
    assert sorted(came) == sorted(due)


def test_survivors_use_their_own_addresses() -> None:
    """Those of the lost host are on no other."""
    lost, other = shares([1.0, 1.0])
    adoptions = redistribute(lost, {}, 1.0, [Survivor("h1", other)])
    assert {one.share.source_addresses for _, one in adoptions} == {("127.0.0.1",)}


def test_nothing_is_adopted_when_nobody_is_left_to_come() -> None:
    """The loss of an agent whose users had all arrived."""
    lost, other = shares([1.0, 1.0])
    assert redistribute(lost, {}, 1000.0, [Survivor("h1", other)]) == []


def test_a_phase_that_waits_for_its_sessions_is_not_left_by_the_clock() -> None:
    """When it would have ended nobody knows: the survivor's own users decide."""
    waiting = (replace(PHASES[0], wait_all_sessions_end=True), PHASES[1])
    lost, other = shares([1.0, 1.0], phases=waiting)
    adoptions = redistribute(lost, {}, 12.0, [Survivor("h1", other)])
    assert {one.resume.phase for _, one in adoptions} == {0}
    assert sum(len(adopted(one)) for _, one in adoptions) == 100  # all of phase 2


@given(some.lists(some.floats(0.0, 100.0), min_size=1, max_size=8))
def test_turns_follow_the_weights(weights: list[float]) -> None:
    """Within one user in a round."""
    turns = deal_turns(weights)
    whole = sum(weights) or len(weights)
    for number, weight in enumerate(weights if sum(weights) else [1.0] * len(weights)):
        assert abs(turns.count(number) - len(turns) * weight / whole) <= 1.0 + 1e-6
