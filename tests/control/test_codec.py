"""What is sent must be what is read, whole plans included; and nothing else may pass for it."""

from __future__ import annotations

import builtins
import contextlib
import json
import math
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytsung.control import messages
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.facts import HostFacts, Reach
from pytsung.control.framing import frame
from pytsung.control.leases import IDS, Row, next_row_of
from pytsung.control.messages import (
    VERSION,
    Adopt,
    Amend,
    AskClock,
    Assign,
    Beat,
    ClockReading,
    Cost,
    Failed,
    FilePart,
    Finished,
    Full,
    Gathered,
    Health,
    Hello,
    Hold,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Message,
    Note,
    PhaseStarted,
    Ready,
    Release,
    Report,
    Returned,
    Sends,
    Start,
    Stop,
    Survey,
    Surveyed,
    TakeOver,
    Tune,
    Tuned,
    Work,
    WorkerLost,
)
from pytsung.control.records import (
    Exchange,
    Exchanges,
    Matches,
    MatchEvent,
    Traffic,
    TrafficEvent,
    TrafficKind,
)
from pytsung.control.share import AgentShare, Amendment, Dealt, Resume, Sources, WorkerShare
from pytsung.errors import AgentError
from pytsung.plan import (
    Abort,
    AgentHost,
    ArrivalPhase,
    Barrier,
    BuiltIn,
    ChangeType,
    Comparison,
    Condition,
    ConnectionOptions,
    Constant,
    Endpoint,
    ErlangCode,
    Extraction,
    FileLine,
    For,
    Foreach,
    If,
    Interaction,
    JsonPart,
    Load,
    Match,
    MatchAction,
    Monitor,
    Pause,
    Plan,
    PythonCall,
    RandomNumber,
    RandomText,
    RateLimit,
    Repeat,
    RequestStep,
    RowFile,
    ScheduledUser,
    Search,
    ServerAddress,
    Session,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    SetVariables,
    Target,
    ThinkTime,
    TlsOptions,
    Transaction,
    Transport,
    WaitForAll,
    WaitForPush,
)
from pytsung.protocols import registry
from pytsung.protocols.room import Ack
from pytsung.protocols.websocket.requests import CloseRequest, Connect
from pytsung.protocols.websocket.requests import Message as WebSocketMessage
from pytsung.stats import Interval, SampleSummary

ENCODER = Encoder(registry.installed())
RESUME = Resume(phase=1, phase_origin=2.5, launched=3, scheduled=4, users=7)
CONDITION = Condition("x", Comparison.GTE, "5")
LOOP = Repeat("r", (Abort(),), CONDITION, until=True, max_repeat=5)

STEPS = (
    RequestStep(Connect("/a?b=ü", "o", "p", (("h", "v"),)), substitute=True, tag="t"),
    RequestStep(WebSocketMessage("hello \0 \U0001f600 \ud83d", is_text=True)),
    ThinkTime(1.5),
    ThinkTime(1.0, Pause.UNIFORM, 2.0),
    ThinkTime(pause=Pause.FROM_TEXT, text="%%_x%%"),
    WaitForPush(),
    Transaction("tr", (For("i", "%%_a%%", 9, 2, (LOOP,)),)),
    If(CONDITION, (Foreach("e", "list", (Abort(whole_test=True),), include="^a"),)),
    RequestStep(WebSocketMessage("bye", ack=Ack.NONE)),
    RequestStep(
        CloseRequest(),
        extractions=(Extraction("v", Search.JSONPATH, "a.b", substitute=True),),
        matches=(Match("a|b", MatchAction.LOOP, when_matched=False, max_loop=3, sleep=0.0),),
    ),
    SetVariables(("a", "b"), RandomNumber(1, 6)),
    SetVariables(("a",), RandomText(5)),
    SetVariables(("a",), Constant("x", for_all=True)),
    SetVariables(("a", "b"), FileLine("users", in_order=False, delimiter=",")),
    SetVariables(("h", "p"), ServerAddress()),
    SetVariables(("a",), JsonPart("v", "a[0]")),
    SetVariables(("a",), BuiltIn("ts_msg_server:get_id")),
    SetVariables(("a",), ErlangCode("fun({A, B}) -> 1 end.")),
    SetVariables(("a",), PythonCall("package.module:function")),
    ChangeType("ts_raw", "%%_h%%", "80", Transport.TLS, ipv6=True, store=True, restore=True),
    SetRateLimit(RateLimit(1024.0, 4096.0)),
    SetConnectTimeout(1.5),
    SetCertificate("cert.pem", "key.pem", "secret", "ca.pem"),
    Interaction("hello", is_send=True),
    WaitForAll(),
)
PLAN = Plan(
    name="bench.xml",
    agent_hosts=(AgentHost("a", 4, 64000, 2.0, ("127.0.0.2",), "127.0.0.1-9", True),),
    targets=(Target(Endpoint("::1", 443, Transport.TLS, ipv6=True), 0.5),),
    load=Load(
        (ArrivalPhase(1, 60.0, 10.0, 500, (0.5, 0.5), wait_all_sessions_end=True),),
        (ScheduledUser(1.5, 0),),
        loop=2,
        duration=90.0,
    ),
    sessions=(
        Session(
            "s",
            "ts_websocket",
            STEPS,
            persistent=False,
            bidirectional=True,
            options=ConnectionOptions(
                connect_timeout=1.0,
                source_ports=(1025, 2000),
                tls=TlsOptions(("tlsv1.2",), "HIGH", reuse_sessions=False, send_sni=False),
                rate_limit=RateLimit(512000.0, 524288.0),
                barrier_timeout=5.0,
            ),
        ),
    ),
    monitors=(Monitor("db", "snmp"),),
    seed=5,
    quirks=True,
    log_level=7,
    row_files=(RowFile("users", "users.csv"),),
    barrier=Barrier(10, 60.0),
)
SHARE = AgentShare(
    PLAN,
    seed=5,
    workers=(
        WorkerShare(0, 2, (250,), (5.0,), (ScheduledUser(1.5, 0),), source_range="127.0.0.1-9"),
        WorkerShare(1, 2, (250,), (5.0,), max_users=9, source_addresses=("127.0.0.2",)),
    ),
)
INTERVAL = Interval(
    9,
    users_started=5,
    users_open=2,
    users_lost=1,
    counters={"200": 3, "error_connect_econnrefused": 1},
    samples={"request": SampleSummary.of([0.001, 0.002, 30.0])},
    generator={"lateness": SampleSummary.of([0.0])},
)
EVERY_MESSAGE: list[Message] = [
    Hello(VERSION, "host", 17, 12345.678, 64, "3.10.12"),
    Survey((Endpoint("a", 80, Transport.TLS),), ("127.0.0.2",)),
    Surveyed(HostFacts("3.11.2", reached=(Reach(Endpoint("a", 80), 0.25, "timeout"),))),
    Tune("sysctl -q -p\n"),
    Tuned(1, "sysctl: permission denied"),
    Assign(SHARE),
    Ready(4),
    Start(12345.678),
    Stop(2.0),
    Adopt(WorkerShare(7, 3, (20,), (5.0,), dealt=Dealt(1, 4, (0, 2))), RESUME),
    Amend(
        Amendment(
            1, 2.5, 1.5, PLAN.load.phases, users=((5,), (6,)), rates=((0.5,), (0.75,)), shift=1e9
        )
    ),
    AskClock(3),
    ClockReading(3, 12345.678, 1700000000.25),
    Beat(),
    Report(INTERVAL, missing=(1, 2)),
    Health(1.0, 99.5, 1024.0, 0.25, 10**9, 4, True),
    WorkerLost(1, 2.5, 800, "killed by SIGKILL", 3, others=True),
    PhaseStarted(0, 2, 60.0),
    Note(4, "größer als erwartet"),
    Finished(61.0, Cost(5.5, 10**8), 3, 4, aborted=True),
    Failed("no room; make some"),
    FilePart("a1b2", 1024, 2048, bytes(range(256))),
    Work(SHARE, 0, 3, standby=True, hold=Hold("/proc/1/fd/5", {"a1b2": (0, 2048)})),
    Work(SHARE, 0, 3, standby=True, foreseen=RESUME),
    Full(RESUME),
    Full(replace(RESUME, sources=Sources(1.5, b"times\x00\xff", b"choices"))),
    Full(RESUME, soon=True),
    TakeOver(12345.678, RESUME),
    LeaseRequest(next_row_of("users"), 16, is_urgent=True, worker=3),
    Lease(IDS, (Row(1, "1"), Row(2, "zwei;ö")), worker=3),
    LeaseRecall(next_row_of("users"), 3),
    Returned(next_row_of("users"), (5, 6), 3),
    Gathered(7, 3),
    Release(7, 3),
    Sends({"hello": 1.25}, 3),
    Matches((MatchEvent(1.5, 7, 1, 3, "match", "tr_a", "-", b"\x00\xff"),)),
    Traffic((TrafficEvent(1.5, TrafficKind.SENT, 7, 1, "\x00\xff"),)),
    Exchanges((Exchange(1.5, 7, "get", "h", "/", "200", 5, 0.5, "tr_a", "match", "", "t"),)),
]


def codec() -> MessageCodec:
    return MessageCodec(ENCODER)


def test_the_list_is_complete() -> None:
    """A message that is added must be added here, or nobody has ever sent one."""
    assert {type(message) for message in EVERY_MESSAGE} == set(get_args(messages.Message))


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    """Types included: a plan whose tuples came back as lists would no longer be a key."""
    (arrived,) = codec().feed(codec().send(message))
    assert arrived == message
    assert repr(arrived) == repr(message)


def test_what_a_worker_gets_first_is_read_without_making_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was made before the fork, for whatever a plan may have: so all workers share it."""
    encoder = Encoder(registry.installed())
    encoder.warm_up()
    made = []

    def compile_(source: Any, name: str, *rest: Any, **options: Any) -> Any:
        made.append(name)
        return compile(source, name, *rest, **options)

    data = ENCODER.encode(Work(SHARE, 0, 3, foreseen=RESUME))
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "compile", compile_)
        encoder.decode(data)
    assert made == []


@given(st.lists(st.sampled_from(EVERY_MESSAGE), max_size=4), st.data())
@settings(max_examples=40, deadline=None)
def test_any_cutting_gives_the_same_messages(sent: list[Message], data: st.DataObject) -> None:
    """Pipes and SSH cut where they like."""
    stream = b"".join(codec().send(message) for message in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    receiver = codec()
    arrived: list[Message] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        arrived += receiver.feed(stream[start:end])
    assert arrived == sent


numbers = st.integers(0, 10**12)
names = st.sampled_from(("request", "connect", "200", "tr_ü"))
summaries = st.lists(st.floats(0, 1e6), min_size=1, max_size=50).map(SampleSummary.of)


@given(
    st.builds(
        Interval,
        numbers,
        users_started=numbers,
        connections_open=numbers,
        counters=st.dictionaries(names, numbers),
        samples=st.dictionaries(names, summaries),
    )
)
def test_an_interval_loses_nothing_on_its_way(interval: Interval) -> None:
    """Sums over agents are compared exactly when the run ends."""
    (arrived,) = codec().feed(codec().send(Report(interval)))
    assert arrived == Report(interval)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.sampled_from(("share", "interval", "at", "x")), inner, max_size=4)
    ),
    max_leaves=12,
)


def assert_taken_or_refused(body: bytes) -> None:
    """Any other exception is a bug."""
    arrived: list[Message] = []
    with contextlib.suppress(AgentError):
        arrived = codec().feed(frame(body))
    assert all(isinstance(message, get_args(messages.Message)) for message in arrived)


def test_what_is_no_message_is_refused_with_the_cure() -> None:
    """The usual reason is another version at the far end."""
    for body in (b"", b"{}", b'["Beat",null]', b'["Beat",{"x":1}]', b"[" * 100_000):
        with pytest.raises(AgentError, match="run the same pytsung on both sides"):
            codec().feed(frame(body))


message_names = st.sampled_from([*(type(message).__name__ for message in EVERY_MESSAGE), "Other"])


@given(
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.tuples(message_names, json_values).map(lambda pair: json.dumps(pair).encode())
)
@settings(max_examples=300, deadline=None)
def test_garbage_raises_nothing_but_an_agent_error(body: bytes) -> None:
    """Another version, a shell's banner, a broken host: one agent is lost, and the reason said."""
    assert_taken_or_refused(body)


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: type(message).__name__)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_message_with_one_wrong_value_is_refused_or_taken(
    message: Message, data: st.DataObject
) -> None:
    """The same, from nearby: one value anywhere in a true message is replaced."""
    body = json.loads(ENCODER.encode(message))
    container = body
    while True:
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(container[key], (dict, list)) and data.draw(st.booleans()):
            container = container[key]
            continue
        container[key] = data.draw(json_values)
        break
    assert_taken_or_refused(json.dumps(body).encode())


@pytest.mark.parametrize("figure", [math.nan, math.inf])
def test_what_json_cannot_say_is_refused_before_it_is_sent(figure: float) -> None:
    """The far end could not read it."""
    with pytest.raises(AgentError, match="Start"):
        codec().send(Start(figure))
