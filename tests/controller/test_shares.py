"""The shares of all workers together must be the plan: no user too many, none too few."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.control.share import WorkerShare
from pytsung.controller.shares import AgentRole, local_role, make_shares
from pytsung.errors import UsageError
from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    Endpoint,
    Load,
    Monitor,
    MysqlAdmin,
    Plan,
    ScheduledUser,
    Session,
    Target,
)


def plan(hosts: tuple[AgentHost, ...], load: Load) -> Plan:
    target = Target(Endpoint("127.0.0.1", 7))
    return Plan("test.xml", hosts, (target,), load, (Session("s", "ts_websocket", ()),))


def roles_of(hosts: tuple[AgentHost, ...]) -> list[AgentRole]:
    return [AgentRole(host.name, (host,), host.workers, host.source_addresses) for host in hosts]


hosts_lists = st.lists(
    st.builds(
        AgentHost,
        st.just("h"),
        workers=st.integers(1, 5),
        weight=st.sampled_from((0.0, 0.5, 1.0, 3.0)),
    ),
    min_size=1,
    max_size=6,
).filter(lambda hosts: any(host.weight for host in hosts))
phases = st.builds(
    ArrivalPhase,
    st.integers(1, 9),
    st.floats(0.1, 100),
    st.floats(0.01, 1000),
    st.none() | st.integers(0, 5000),
)


@given(hosts_lists, st.lists(phases, max_size=3), st.integers(0, 2), st.lists(st.floats(0, 9)))
def test_shares_add_up_to_the_plan(
    hosts: list[AgentHost], phases: list[ArrivalPhase], loop: int, times: list[float]
) -> None:
    """Users of each phase, their rates, scheduled users: over any weights and workers."""
    scheduled = tuple(ScheduledUser(time, 0) for time in sorted(times))
    load = Load(tuple(phases), scheduled, loop)
    whole = plan(tuple(hosts), load)
    shares = make_shares(whole, roles_of(whole.agent_hosts), 1)
    workers: list[WorkerShare] = [worker for share in shares for worker in share.workers]
    assert [worker.index for worker in workers] == list(range(len(workers)))
    assert {worker.count for worker in workers} == {len(workers)}
    for number, phase in enumerate(load.all_phases()):
        assert sum(worker.phase_users[number] for worker in workers) == phase.users
        assert sum(worker.phase_rates[number] for worker in workers) == pytest.approx(phase.rate)
    assert tuple(user for worker in workers for user in worker.scheduled_users) == scheduled


def test_a_host_of_weight_zero_plays_nothing() -> None:
    """It was asked to stand by, and does."""
    hosts = (AgentHost("a", weight=0), AgentHost("b", workers=2))
    load = Load((ArrivalPhase(1, 10, 10),), (ScheduledUser(1, 0),))
    idle, busy = make_shares(plan(hosts, load), roles_of(hosts), 1)
    assert (idle.workers[0].phase_users, idle.workers[0].scheduled_users) == ((0,), ())
    assert [worker.phase_users for worker in busy.workers] == [(50,), (50,)]


def test_weights_that_leave_nobody_are_refused() -> None:
    """With the cure, before anything is started."""
    hosts = (AgentHost("a", weight=0),)
    with pytest.raises(UsageError, match="give one of them weight 1"):
        make_shares(plan(hosts, Load()), roles_of(hosts), 1)


def test_one_client_gets_the_workers_it_asks_for() -> None:
    """`cpu="4"` means four, however many cores there are."""
    one = (AgentHost("a", workers=4, max_users=50, source_addresses=("127.0.0.5",)),)
    role = local_role(plan(one, Load()), cores=2)
    assert (role.host, role.workers, role.source_addresses) == ("localhost", 4, ("127.0.0.5",))
    (share,) = make_shares(plan(one, Load()), [role], 1)
    assert [worker.max_users for worker in share.workers] == [50] * 4


def test_many_clients_on_one_machine_share_its_cores() -> None:
    """Sixteen hosts of four processors on a laptop would be 64 processes; their addresses stay."""
    sixteen = tuple(AgentHost(f"h{number}", workers=4, weight=2) for number in range(16))
    role = local_role(plan(sixteen, Load()), cores=2, first_address=(3, 250))
    assert (role.workers, role.weight) == (2, 32)
    assert len(set(role.source_addresses)) == 16
    assert role.source_addresses[:6] == (
        "127.0.3.250",
        "127.0.3.251",
        "127.0.3.252",
        "127.0.3.253",
        "127.0.3.254",
        "127.0.4.1",
    )


def test_agents_do_not_learn_what_is_monitored() -> None:
    """They have no use for it, and there are passwords in it."""
    monitor = Monitor("db", mysql=MysqlAdmin(password="s3cret"))
    hosts = (AgentHost("a"), AgentHost("b"))
    whole = replace(plan(hosts, Load(())), monitors=(monitor,))
    shares = make_shares(whole, roles_of(hosts), 1)
    assert [share.plan.monitors for share in shares] == [(), ()]
    assert "s3cret" not in repr(shares)
