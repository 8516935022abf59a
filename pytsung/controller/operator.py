"""An operator's orders, carried out on a running test.

A change of the load goes to every agent as an amendment of its share, and into the
log of events. Must not know who gives orders, nor how the test ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytsung.control.messages import Amend
from pytsung.control.orders import Order
from pytsung.controller.agent_link import AgentLink
from pytsung.controller.amendments import amendments, change_of
from pytsung.controller.listener import Listener
from pytsung.schedule.timetable import Timetable

LEAD = 0.2
"""Seconds between an order and its instant: every worker has heard of it by then."""


class Operator:
    """Changes the load of one run. `timetable` is what the run plays, changes included."""

    def __init__(
        self, timetable: Timetable, listener: Listener, unix: Callable[[float], float]
    ) -> None:
        self.timetable = timetable
        self._listener = listener
        self._unix = unix

    def change_load(self, order: Order, elapsed: float, links: Sequence[AgentLink]) -> None:
        """Let all agents play other phases, `LEAD` from now on.

        Raises UsageError when the order makes no sense now; then nothing has changed.
        """
        at = elapsed + LEAD
        change = change_of(order, self.timetable, at)
        shares = [link.share for link in links]
        parts = amendments(change, shares, [link.is_lost for link in links])
        for link, amendment in zip(links, parts, strict=True):
            link.share = amendment.apply(link.share)
            link.tell(Amend(amendment))
        self.tell(order, self._unix(at))

    def tell(self, order: Order, at: float) -> None:
        """Write an order down; `at` is Unix time."""
        rate = {"rate": order.rate} if order.rate else {}
        self._listener.event("order", at, action=order.action.value, by=order.by, **rate)
        what = f"{order.action.value} {order.rate:g}/s" if order.rate else order.action.value
        self._listener.note(5, "controller", f"Order of the operator ({order.by}): {what}")
