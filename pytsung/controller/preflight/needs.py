"""What a plan needs of one agent host. Plain arithmetic; must not know what the host has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import ceil

from pytsung.control.messages import Survey
from pytsung.control.share import AgentShare
from pytsung.controller.target import is_loopback
from pytsung.plan import Endpoint, Plan
from pytsung.schedule.crowds import most_at_once

TIME_WAIT = 60.0
"""Seconds that a port stays in use after the side that closed first (TCP_TIMEWAIT_LEN)."""

MOST_ADDRESSES = 1000
"""Source addresses looked at: a pattern may stand for millions."""

MOST_ENDPOINTS = 20
"""Targets that each host connects to once."""


@dataclass(frozen=True, slots=True)
class Needs:
    """One host's part of a plan.

    `users` is how many there are at once, as think times go; `lingering` counts those,
    too, who have gone but whose port is still in use. `rate` is in arrivals a second,
    of the fastest phase. `addresses` are the source addresses (none: the kernel
    chooses); `fixed_ports` the ports that the configuration wants used, if it does.
    """

    users: int
    lingering: int
    rate: float
    workers: int
    max_users: int
    endpoints: tuple[Endpoint, ...]
    addresses: tuple[str, ...] = ()
    fixed_ports: int = 0

    @property
    def stays_here(self) -> bool:
        """Whether all that is loaded is on the host itself."""
        return all(is_loopback(endpoint.host) for endpoint in self.endpoints)


@dataclass(frozen=True, slots=True)
class Peaks:
    """The most users at once in a whole plan, and those whose ports are in use besides."""

    users: float
    lingering: float


def peaks_of(plan: Plan) -> Peaks:
    """The same for every host; in a large plan it takes a moment, so it is asked for once."""
    load, sessions = plan.load, plan.sessions
    return Peaks(most_at_once(load, sessions), most_at_once(load, sessions, TIME_WAIT))


def needs_of(share: AgentShare, peaks: Peaks) -> Needs:
    """What the agent that gets this share of the plan needs."""
    plan, first = share.plan, share.workers[0]
    whole = sum(phase.rate for phase in plan.load.all_phases())
    own = sum(sum(worker.phase_rates) for worker in share.workers)
    part = own / whole if whole else len(share.workers) / first.count
    rates = [sum(rates) for rates in zip(*(w.phase_rates for w in share.workers), strict=True)]
    ports = [one.options.source_ports for one in plan.sessions if one.options.source_ports]
    return Needs(
        users=ceil(part * peaks.users),
        lingering=ceil(part * peaks.lingering),
        rate=max(rates, default=0.0),
        workers=len(share.workers),
        max_users=first.max_users,
        endpoints=_endpoints(share),
        addresses=_addresses(share),
        fixed_ports=max((high - low + 1 for low, high in ports), default=0),
    )


def survey_for(share: AgentShare) -> Survey:
    """What its agent is to look at, besides the limits of its host."""
    return Survey(_endpoints(share)[:MOST_ENDPOINTS], _addresses(share))


def _endpoints(share: AgentShare) -> tuple[Endpoint, ...]:
    return tuple(dict.fromkeys(target.endpoint for target in share.plan.targets))


def _addresses(share: AgentShare) -> tuple[str, ...]:
    first = share.workers[0]
    return first.source_addresses or tuple(islice(expand(first.source_range), MOST_ADDRESSES))


def expand(pattern: str) -> Iterator[str]:
    """The addresses of a pattern such as `10.0.0-3.1-254`, in order; none for an empty one."""
    if not pattern:
        return
    if ":" in pattern:
        yield str(ipaddress.ip_address(pattern))
        return
    first, second, third, fourth = (_numbers(part) for part in pattern.split("."))
    yield from (f"{a}.{b}.{c}.{d}" for a in first for b in second for c in third for d in fourth)


def _numbers(part: str) -> range:
    low, _, high = part.partition("-")
    return range(int(low), int(high or low) + 1)
