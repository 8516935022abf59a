"""The barrier before a test: every agent stands by, its clocks are known, one instant for all.

Must not know what is played after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

import trio

from pytsung.controller.agent_link import AgentLink
from pytsung.errors import AgentError


async def stand_by(
    links: Sequence[AgentLink], accompany: Callable[..., Awaitable[None]], nursery: trio.Nursery
) -> None:
    """Start `accompany(link)` for all, as tasks of `nursery`; done when every agent stands by.

    Raises AgentError with all reasons, a line each, where some cannot: who mends one host
    should not learn of the next one by another start.
    """
    reasons: list[str] = []

    async def bring_up(link: AgentLink) -> None:
        try:
            await nursery.start(accompany, link)
        except* AgentError as group:
            reasons.extend(_texts(group))

    async with trio.open_nursery() as starting:
        for link in links:
            starting.start_soon(bring_up, link)
    if reasons:
        raise AgentError("\n".join(sorted(reasons)))


async def time_to_start(links: Sequence[AgentLink], warm_up: float) -> float:
    """Compare all clocks; gives the seconds after which all agents can begin together.

    That is `warm_up`, but not before the slowest agent can have heard of it.
    """
    async with trio.open_nursery() as comparing:
        for link in links:
            comparing.start_soon(link.compare_clocks)
    return max(warm_up, 4 * max(link.clock.uncertainty for link in links))


def _texts(group: BaseExceptionGroup[AgentError]) -> Iterator[str]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _texts(error)
        else:
            yield str(error)
