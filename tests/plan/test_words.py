"""A plan in words: what people read before they point it at somebody's machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    ChangeType,
    Dump,
    Endpoint,
    Load,
    Monitor,
    MysqlAdmin,
    Plan,
    Request,
    RequestStep,
    ScheduledUser,
    Session,
    Target,
    ThinkTime,
    Transport,
    WebSocketOptions,
)
from pytsung.plan.words import describe, sentence

PHASE = ArrivalPhase(1, 20.0, 1000.0, weights=(1.0,))
PLAN = Plan(
    "bench.xml",
    (AgentHost("localhost"),),
    (Target(Endpoint("127.0.0.1", 9505)),),
    Load((PHASE,)),
    (Session("s", "ts_websocket", ()),),
)


def page(plan: Plan) -> list[str]:
    return describe(plan, lambda kind, request: f"{kind} request").split("\n")


def with_steps(*steps: RequestStep | ThinkTime) -> Plan:
    return replace(PLAN, sessions=(replace(PLAN.sessions[0], steps=steps),))


def test_one_sentence_says_it_all() -> None:
    """It stands first in the report and in the summary."""
    assert sentence(PLAN) == (
        "20,000 users arrive at 1,000/s over 20 s from 1 host to 127.0.0.1:9505, playing 1 session"
    )


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (Load(), "nobody arrives"),
        (Load((PHASE,), loop=2), "60,000 users arrive at 1,000/s over 1 min"),
        (Load((PHASE,), duration=3600.0), "over 20 s, stopped after 1 h, from"),
        (
            Load((PHASE, ArrivalPhase(2, 40.0, 10.0))),
            "20,400 users arrive at up to 1,000/s over 1 min",
        ),
        (Load((ArrivalPhase(1, 60.0, 1 / 30),)), "2 users arrive one every 30 s over 1 min"),
        (
            Load((ArrivalPhase(1, 60.0, 1 / 30), ArrivalPhase(2, 60.0, 1 / 60))),
            "3 users arrive one every 30 s at most over 2 min",
        ),
        (Load((ArrivalPhase(1, 7200.0, 10.0, 600),)), "600 users arrive at 10/s over 1 min"),
        (Load((), (ScheduledUser(0.5, 0),)), "1 scheduled user starts within 500 ms"),
    ],
)
def test_arrivals_are_told_as_they_happen(load: Load, words: str) -> None:
    """Phases that repeat, overlap with fixed users or are cut short, in one clause."""
    assert words in sentence(replace(PLAN, load=load))


@pytest.mark.parametrize(
    ("transport", "target", "change"),
    [
        (Transport.TCP, "TCP", ""),
        (Transport.TLS, "TLS", " with TLS"),
        (Transport.UDP, "UDP", " by UDP"),
        (Transport.WEBSOCKET, "in a WebSocket", " in a WebSocket"),
        (Transport.WEBSOCKET_TLS, "in a WebSocket over TLS", " in a WebSocket with TLS"),
        (Transport.LOCAL, "on the agent hosts themselves", " (on the agent host itself)"),
    ],
)
def test_what_carries_a_session_is_said(transport: Transport, target: str, change: str) -> None:
    """Whether it goes over the wire in the open, for one."""
    steps = (ChangeType("ts_raw", "h", "1", transport),)
    plan = replace(
        PLAN,
        targets=(Target(Endpoint("h", 1, transport)),),
        sessions=(replace(PLAN.sessions[0], steps=steps),),
    )
    lines = page(plan)
    assert f"  h:1  {target}" in lines
    assert f"  go on as ts_raw at h:1{change}" in lines


def test_options_of_a_websocket_are_told() -> None:
    """Under their own names."""
    options = replace(PLAN.sessions[0].options, websocket=WebSocketOptions("/ws", is_text=True))
    lines = page(replace(PLAN, sessions=(replace(PLAN.sessions[0], options=options),)))
    assert "  WebSocket path     /ws" in lines
    assert "  WebSocket is text  yes" in lines


def test_hosts_that_are_alike_share_a_line() -> None:
    """Sixteen equal lines say less than one."""
    hosts = (*(AgentHost(f"w{n}", workers=4) for n in range(16)), AgentHost("last"))
    lines = page(replace(PLAN, agent_hosts=hosts))
    assert "  w0 … w15  16 hosts, each 4 workers of at most 800 users" in lines
    assert "  last      1 worker of at most 800 users" in lines


def test_equal_steps_in_a_row_are_counted() -> None:
    """A recorded session repeats itself."""
    lines = page(with_steps(*[RequestStep(Request())] * 12, ThinkTime(1.0)))
    assert "  ts_websocket request  × 12" in lines
    assert "  think 1 s" in lines


def test_long_sessions_are_cut() -> None:
    """The page stays a page; the plan itself is there as JSON."""
    lines = page(with_steps(*(ThinkTime(float(n)) for n in range(1, 1001))))
    assert "  … and 960 lines more" in lines
    assert len(lines) < 60


def test_long_requests_are_cut_and_kept_on_one_line() -> None:
    """A payload may be a megabyte with line ends in it."""
    text = describe(with_steps(RequestStep(Request())), lambda kind, request: "a\nb " * 900)
    assert max(map(len, text.split("\n"))) <= 100
    assert "  a b a b" in text


def test_options_that_all_sessions_share_are_told_once() -> None:
    """And those that are Tsung's defaults not at all."""
    options = replace(PLAN.sessions[0].options, max_retries=9, source_ports=(1025, 65535))
    both = tuple(Session(name, "ts_websocket", (), options=options) for name in "ab")
    lines = page(replace(PLAN, sessions=both, load=Load()))
    assert lines[-3:] == ["Options", "  max retries   9", "  source ports  1025 to 65535"]
    assert not any(line == "Options" for line in page(PLAN))


def test_what_is_dumped_and_what_ends_the_run_is_told() -> None:
    """The one costs the load generator, the other may cost the run."""
    limit = "request: p(95)<200 abort_on_fail"
    lines = page(replace(PLAN, dump=Dump.LIGHT, thresholds=(limit,)))
    assert lines[-3:] == [
        "Also",
        "  dumped  the beginning of everything sent and received",
        f"  limit   {limit}",
    ]


def test_what_is_monitored_is_told_with_the_way() -> None:
    """Somebody's hosts are going to be asked; with a password of theirs, which is not told."""
    mysql = MysqlAdmin(password="s3cret")
    monitors = (Monitor("web1"), Monitor("db", mysql=mysql), Monitor("a", "snmp"))
    lines = page(replace(PLAN, monitors=(*monitors, Monitor("b", "munin"))))
    assert lines[-2:] == ["Also", "  monitored  web1, db with MySQL, a (SNMP), b (munin)"]
