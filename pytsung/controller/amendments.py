"""An operator's change of the load, split over agents and their workers.

Plain arithmetic. Must not know how an agent is reached, nor who asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytsung.control.orders import Action, Order
from pytsung.control.share import AgentShare, Amendment
from pytsung.errors import UsageError
from pytsung.schedule.arrivals import planned_users
from pytsung.schedule.shares import split
from pytsung.schedule.timetable import Change, Timetable


def change_of(order: Order, timetable: Timetable, at: float) -> Change:
    """What an order makes of the timetable from `at` on. Raises UsageError when it cannot be."""
    if order.action is Action.PAUSE:
        return timetable.pause(at)
    if order.action is Action.RESUME:
        return timetable.resume(at)
    if order.action is Action.RATE:
        return timetable.change_rate(at, order.rate)
    raise UsageError(f"{order.action.value}: no change of the load")


def amendments(
    change: Change, shares: Sequence[AgentShare], is_lost: Sequence[bool] = ()
) -> list[Amendment]:
    """What to tell each agent: those that are there play the new phases, all of them.

    Workers that play what is left of a lost agent's share get nothing new.
    """
    lost = is_lost or [False] * len(shares)
    weights = [
        0.0 if gone or worker.dealt is not None else worker.weight
        for share, gone in zip(shares, lost, strict=True)
        for worker in share.workers
    ]
    whole = sum(weights)
    users = [split(planned_users(phase), weights) for phase in change.phases]
    found = []
    number = 0
    for share in shares:
        mine = range(number, number + len(share.workers))
        found.append(
            Amendment(
                first=change.first,
                begins=change.begins,
                cut=change.cut,
                phases=change.phases,
                users=tuple(tuple(parts[n] for parts in users) for n in mine),
                rates=tuple(
                    tuple(phase.rate * weights[n] / whole for phase in change.phases) for n in mine
                ),
                shift=change.shift,
            )
        )
        number += len(share.workers)
    return found
