"""Preflight's judgement: which hosts hold the plan, which do not, and what helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytsung.control.facts import Descriptors, HostFacts, Memory, Ports, Reach, Tracking
from pytsung.controller.preflight.before import look_before
from pytsung.controller.preflight.findings import Finding, Level, lines, name_hosts, users_held
from pytsung.controller.preflight.judgement import clock, judge
from pytsung.controller.preflight.needs import Needs, expand, needs_of, peaks_of, survey_for
from pytsung.controller.shares import AgentRole, make_shares
from pytsung.errors import AgentError
from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    ConnectionOptions,
    Endpoint,
    Load,
    Plan,
    Session,
    Target,
    ThinkTime,
)

TARGET = Endpoint("10.0.0.9", 80)
FACTS = HostFacts(
    python="3.11.2",
    kernel="6.12",
    cores=4,
    device="eth0",
    memory=Memory(64 * 2**30, 8 * 2**30),
    reached=(Reach(TARGET, 0.001),),
)
SIXTEEN = tuple(f"10.0.1.{n}" for n in range(16))
NEEDS = Needs(
    users=1000, lingering=1000, rate=10.0, workers=4, max_users=64000, endpoints=(TARGET,)
)


def found(subject: str, facts: HostFacts = FACTS, needs: Needs = NEEDS) -> Finding:
    (finding,) = [one for one in judge("h3", facts, needs) if one.subject == subject]
    return finding


def commands(finding: Finding) -> str:
    return "\n".join(cure.command for cure in finding.cures)


def test_a_good_host_is_all_green() -> None:
    """And each line says what it has."""
    assert {finding.level for finding in judge("h3", FACTS, NEEDS)} == {Level.OK}


def test_the_wall_of_ports_is_named_with_what_is_missing() -> None:
    """The promise of the documentation, to the word."""
    ports = Ports(low=1024, high=61023)
    needs = replace(NEEDS, users=1_000_000, lingering=1_000_000, addresses=SIXTEEN)
    finding = found("ports", replace(FACTS, ports=ports), needs)
    assert finding.level is Level.RED
    assert finding.words == "holds 960,000: 16 addresses × 60,000 ports; 1,000,000 planned"
    assert "ip_local_port_range" in commands(finding)  # 64,512 × 16 is enough
    more = replace(needs, users=1_100_000, lingering=1_100_000)
    finding = found("ports", replace(FACTS, ports=Ports(1024, 65535)), more)
    assert "needs 2 addresses more on h3" in finding.words
    assert "sudo ip address add ADDRESS dev eth0" in commands(finding)


def test_half_of_the_ports_count_on_an_old_kernel() -> None:
    """The other half costs milliseconds each."""
    facts = replace(FACTS, ports=Ports(has_windows=False))
    finding = found("ports", facts)
    assert finding.holds == 28232 / 2
    assert "half of the range" in finding.words


@pytest.mark.parametrize(
    ("reuse", "host", "level"),
    [
        (2, "10.0.0.9", Level.RED),
        (1, "10.0.0.9", Level.OK),
        (2, "127.0.0.1", Level.OK),
        (0, "127.0.0.1", Level.RED),
    ],
)
def test_ports_of_users_who_have_gone_count_for_a_minute(
    reuse: int, host: str, level: Level
) -> None:
    """The wall of short sessions: 1,000 a second need 60,000 ports, where none is reused."""
    needs = replace(NEEDS, lingering=60_000, endpoints=(Endpoint(host, 80),))
    finding = found("ports", replace(FACTS, ports=Ports(reuse=reuse)), needs)
    assert finding.level is level
    assert ("TIME_WAIT 60,000" in finding.words) == (level is Level.RED)


def test_fixed_ports_are_all_there_is() -> None:
    """A wider range of the kernel's does not help."""
    finding = found("ports", needs=replace(NEEDS, fixed_ports=100))
    assert finding.holds == 100
    assert "ip_local_port_range" not in commands(finding)


def test_every_target_has_its_own_ports() -> None:
    """A port is in use for a pair of addresses."""
    needs = replace(NEEDS, endpoints=(TARGET, Endpoint("10.0.0.10", 80)))
    assert found("ports", needs=needs).holds == 2 * 28232


def test_a_low_limit_of_descriptors_is_red_with_both_cures() -> None:
    """`ulimit -n 256`: the kernel's limit comes first, or the other cannot be set."""
    finding = found("descriptors", replace(FACTS, descriptors=Descriptors(256, 256, 4096)))
    assert finding.level is Level.RED
    assert "256 files a process: 6 workers for 1,000 users" in finding.words
    assert commands(finding).index("fs.nr_open") < commands(finding).index("nofile")


def test_no_descriptors_at_all_hold_nobody() -> None:
    """What a worker needs for itself is not there."""
    assert found("descriptors", replace(FACTS, descriptors=Descriptors(64, 64))).holds == 0


def test_missing_addresses_are_named() -> None:
    """And how to add them; with all of them missing nobody can start."""
    needs = replace(NEEDS, addresses=SIXTEEN)
    finding = found("addresses", replace(FACTS, missing_addresses=SIXTEEN[3:5]), needs)
    assert finding.words == "2 of 16 source addresses are missing: 10.0.1.3 and others"
    assert "sudo ip address add 10.0.1.3 dev eth0" in commands(finding)
    assert finding.holds > 0
    assert found("addresses", replace(FACTS, missing_addresses=SIXTEEN), needs).holds == 0


@pytest.mark.parametrize(
    ("subject", "facts", "cure"),
    [
        ("conntrack", replace(FACTS, tracking=Tracking(100, 500)), "nf_conntrack_max"),
        ("memory", replace(FACTS, memory=Memory(2**21, 2**33)), "add memory"),
        ("tcp buffers", replace(FACTS, memory=Memory(2**36, 2**19)), "net.ipv4.tcp_mem"),
        ("target", replace(FACTS, reached=(Reach(TARGET, 3.0, "timeout"),)), "firewall"),
        ("target", replace(FACTS, reached=(Reach(TARGET, 0.0, "econnrefused"),)), "start the"),
    ],
)
def test_each_other_wall_is_red_with_its_cure(subject: str, facts: HostFacts, cure: str) -> None:
    """Nobody should have to look up what to type."""
    finding = found(subject, facts)
    assert finding.level is Level.RED
    assert cure in commands(finding)


def test_the_accept_queue_counts_only_where_the_target_is() -> None:
    """It is the target's host that has one."""
    facts = replace(FACTS, accept_queue=128)
    assert [one for one in judge("h", facts, NEEDS) if one.subject == "accept queue"] == []
    here = replace(NEEDS, endpoints=(Endpoint("127.0.0.1", 80),))
    assert "somaxconn" in commands(found("accept queue", facts, here))


@pytest.mark.parametrize(
    ("needs", "word"),
    [(replace(NEEDS, workers=8), 'cpu="4"'), (replace(NEEDS, rate=50_000.0), "add a host")],
)
def test_too_few_cores_are_a_warning(needs: Needs, word: str) -> None:
    """What they can start is an estimate: the verdict will know better."""
    finding = found("processors", needs=needs)
    assert finding.level is Level.WARNING
    assert word in commands(finding)


def test_clocks_that_differ_are_a_warning() -> None:
    """By more than anybody can tell by asking through the channel."""
    assert clock("h", 0.9, 0.01).level is Level.OK
    assert clock("h", -2.5, 2.0).level is Level.OK
    finding = clock("h", -2.5, 0.01)
    assert (finding.level, commands(finding)) == (Level.WARNING, "sudo timedatectl set-ntp true")


# -- needs ------------------------------------------------------------------------------


def plan(users: int, *, stays: float, weights: tuple[float, ...] = (1.0,), ports: int = 9) -> Plan:
    hosts = tuple(AgentHost(f"h{n}", 2, 100, weight) for n, weight in enumerate(weights))
    session = Session(
        "s", "ts_websocket", (ThinkTime(stays),), options=ConnectionOptions(source_ports=(1, ports))
    )
    load = Load((ArrivalPhase(1, 60.0, users / 60, None, (1.0,)),))
    return Plan("t.xml", hosts, (Target(TARGET), Target(TARGET)), load, (session,))


def test_a_host_needs_its_part_of_the_plan() -> None:
    """By its weight; each endpoint counts once."""
    whole = plan(1200, stays=9999.0, weights=(1.0, 3.0))
    roles = [AgentRole(host.name, (host,), 2) for host in whole.agent_hosts]
    small, large = (needs_of(share, peaks_of(whole)) for share in make_shares(whole, roles, 1))
    assert (small.users, large.users) == (300, 900)
    assert (small.rate, large.rate) == (5.0, 15.0)
    assert (small.workers, small.max_users, small.fixed_ports) == (2, 100, 9)
    assert small.endpoints == (TARGET,)
    assert survey_for(make_shares(whole, roles, 1)[0]).endpoints == (TARGET,)


def test_a_pattern_of_addresses_is_counted_out() -> None:
    """As Tsung's `<ip value="10.0.0-1.1-3"/>` has it."""
    assert list(expand("10.0.0-1.1-3"))[::5] == ["10.0.0.1", "10.0.1.3"]
    assert len(list(expand("10.0.0-1.1-3"))) == 6
    assert list(expand("")) == []


# -- in few words -----------------------------------------------------------------------


def test_hosts_are_shown_together_where_the_same_is_to_be_said() -> None:
    """Sixteen hosts are no reason for 160 lines; of the good ones the tightest is shown."""
    good = [Finding(f"h{n}", "ports", Level.OK, f"holds {n}", holds=n) for n in (3, 1, 2)]
    bad = [Finding(name, "ports", Level.RED, "too few", holds=0) for name in ("x", "y")]
    shown = lines([*good, *bad])
    assert [(line.hosts, line.finding.words) for line in shown] == [
        (("h3", "h1", "h2"), "holds 1"),
        (("x", "y"), "too few"),
    ]
    assert users_held([*good, *bad]) == 0
    assert name_hosts(("a",)) == "a"
    assert name_hosts(("a", "b")) == "a and b"
    assert name_hosts(("a", "b", "c", "d")) == "a, b and 2 more"


def test_before_a_run_only_what_is_red_is_said() -> None:
    """In one line each, with the first cure."""
    whole = plan(1200, stays=9999.0)
    (share,) = make_shares(whole, [AgentRole("h0", whole.agent_hosts, 2)], 1)
    words = (
        "h0: ports: holds 9: 1 address × 9 ports; needs 133 addresses more on h0; 1,200 planned; "
        'sudo ip address add ADDRESS dev eth0, and <ip value="ADDRESS"/> in <client>'
    )
    assert look_before([("h0", replace(FACTS, cores=1), share)]) == [words]


def test_a_run_ends_before_it_begins_only_where_nobody_could_start() -> None:
    """One host of two that holds somebody is enough to go on."""
    whole = plan(60, stays=0.0, ports=1000)
    (share,) = make_shares(whole, [AgentRole("h0", whole.agent_hosts, 2)], 1)
    none = replace(FACTS, descriptors=Descriptors(64, 64))
    assert len(look_before([("a", none, share), ("b", FACTS, share)])) == 1
    with pytest.raises(AgentError, match="no user could start") as raised:
        look_before([("a", none, share), ("b", none, share)])
    assert raised.value.exit_status == 4
