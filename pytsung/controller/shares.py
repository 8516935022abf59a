"""Who plays what: a plan split over agents and their workers.

Plain arithmetic. Must not know how an agent is reached.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pytsung.control.share import AgentShare, WorkerShare
from pytsung.errors import UsageError
from pytsung.plan import AgentHost, Plan
from pytsung.schedule.arrivals import planned_users
from pytsung.schedule.shares import split


@dataclass(frozen=True, slots=True)
class AgentRole:
    """One agent, and the `<client>` elements that it plays on its host."""

    host: str
    clients: tuple[AgentHost, ...]
    workers: int
    source_addresses: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """Its part of the load, as the clients' weights say."""
        return sum(client.weight for client in self.clients)


def local_role(plan: Plan, cores: int, first_address: tuple[int, int] | None = None) -> AgentRole:
    """One agent on this machine that plays every client.

    As many workers as the clients ask for, but no more than there are cores where
    several clients share this one machine. With `first_address` (x, y) every client
    gets a source address of its own, from 127.0.x.y on: for loopback targets.
    """
    clients = plan.agent_hosts
    asked = sum(client.workers for client in clients)
    workers = asked if len(clients) == 1 else max(1, min(asked, cores))
    addresses = tuple(address for client in clients for address in client.source_addresses)
    if first_address is not None:
        addresses = tuple(
            _loopback_address(first_address, number) for number in range(len(clients))
        )
    return AgentRole("localhost", clients, workers, addresses)


def fleet_roles(plan: Plan, local_names: Collection[str], cores: int) -> list[AgentRole]:
    """One agent per host, in the configuration's order; those of this machine are `localhost`.

    Clients that name one host are played by one agent, with the workers of all of them.
    """
    hosts: dict[str, list[AgentHost]] = {}
    for client in plan.agent_hosts:
        name = "localhost" if client.name in local_names else client.name
        hosts.setdefault(name, []).append(client)
    roles = []
    for name, clients in hosts.items():
        if name == "localhost":
            here = replace(plan, agent_hosts=tuple(clients))
            roles.append(local_role(here, cores))
        else:
            addresses = tuple(address for each in clients for address in each.source_addresses)
            workers = sum(each.workers for each in clients)
            roles.append(AgentRole(name, tuple(clients), workers, addresses))
    return roles


def _loopback_address(first: tuple[int, int], number: int) -> str:
    place = (first[0] * 254 + first[1] - 1 + number) % (254 * 254)
    return f"127.0.{place // 254}.{place % 254 + 1}"


def make_shares(plan: Plan, roles: list[AgentRole], seed: int) -> list[AgentShare]:
    """The share of each agent; together they are the plan exactly.

    What is monitored is no agent's business, and its passwords least of all. Raises
    UsageError when the clients' weights leave nobody to play.
    """
    plan = replace(plan, monitors=())
    weights = [role.weight / role.workers for role in roles for _ in range(role.workers)]
    if not weights or sum(weights) <= 0:
        raise UsageError(f"{plan.name}: no <client> has a weight; give one of them weight 1")
    phases = plan.load.all_phases()
    users = [split(planned_users(phase), weights) for phase in phases]
    scheduled = _cut(len(plan.load.scheduled_users), weights)
    whole = sum(weights)
    shares = []
    number = 0
    for role in roles:
        workers = []
        for _ in range(role.workers):
            workers.append(
                WorkerShare(
                    index=number,
                    count=len(weights),
                    weight=weights[number],
                    phase_users=tuple(parts[number] for parts in users),
                    phase_rates=tuple(phase.rate * weights[number] / whole for phase in phases),
                    scheduled_users=plan.load.scheduled_users[scheduled[number]],
                    max_users=min(client.max_users for client in role.clients),
                    source_addresses=role.source_addresses,
                    source_range=role.clients[0].source_range,
                )
            )
            number += 1
        shares.append(AgentShare(plan, seed, tuple(workers)))
    return shares


def _cut(total: int, weights: list[float]) -> list[slice]:
    """Consecutive parts of a list, one for each weight, as Tsung deals out scheduled users."""
    cuts = []
    start = 0
    for part in split(total, weights):
        cuts.append(slice(start, start + part))
        start += part
    return cuts


def planned(plan: Plan) -> int:
    """Users that the plan wants in all."""
    phases = plan.load.all_phases()
    return sum(map(planned_users, phases)) + len(plan.load.scheduled_users)
