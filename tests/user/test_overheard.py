"""Users that are listened to play as others do, and leave a note of each thing they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from pytsung.control.records import Exchange, TrafficEvent, TrafficKind
from pytsung.plan import (
    Endpoint,
    Match,
    MatchAction,
    RequestStep,
    Session,
    SessionStep,
    Transaction,
)
from pytsung.protocols.http.requests import HttpRequest
from pytsung.protocols.http.room import HttpRoom
from pytsung.stats import Recorder
from pytsung.user.dump_log import MOST_BYTES, MOST_ENTRIES, DumpLog
from pytsung.user.overheard import AttentiveMatchLog, ExchangeUser, TrafficUser
from pytsung.user.program import Program
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World
from tests.user.lines import LineRoom
from tests.user.stage import ask, tell

TARGET = Endpoint("target.example", 80)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@dataclass
class Notes:
    """What a log delivered, batch by batch."""

    batches: list[tuple[Any, ...]] = field(default_factory=list)

    def take(self, batch: tuple[Any, ...]) -> bool:
        self.batches.append(batch)
        return True

    @property
    def entries(self) -> list[Any]:
        return [entry for batch in self.batches for entry in batch]


def traffic(*steps: SessionStep, limit: int | None = None) -> tuple[TrafficUser, Notes]:
    notes = Notes()
    log = DumpLog[TrafficEvent](notes.take)
    log.origin = 100.0
    program = Program(Session("s", "ts_line", steps), LineRoom(), 3)
    user = TrafficUser(7, program, TARGET, World(Recorder(), Random(1)), log, limit)
    user.start(101.0)
    log.flush()
    return user, notes


def browse(*steps: SessionStep) -> tuple[ExchangeUser, DumpLog[Exchange], Notes]:
    notes = Notes()
    log = DumpLog[Exchange](notes.take)
    log.origin = 100.0
    world = World(Recorder(), Random(1))
    matches = world.match_log = AttentiveMatchLog()
    program = Program(Session("s", "ts_http", steps), HttpRoom(), 1)
    user = ExchangeUser(7, program, TARGET, world, log, matches)
    user.start(101.0)
    return user, log, notes


def get(url: str, tag: str = "", *matches: Match) -> RequestStep:
    return RequestStep(HttpRequest(url), tag=tag, matches=matches)


def test_everything_sent_and_received_is_noted_in_order() -> None:
    """Whoever asks for a dump wants to see what went over the wire, and when."""
    user, notes = traffic(ask("a"), tell("b"))
    user.connected(101.125)
    user.sent(2, 101.25)
    user.received(b"ping\n", 101.375)
    user.received(b"answer\xff\n", 101.5)
    user.sent(2, 101.625)
    user._log.flush()
    kinds = TrafficKind
    assert notes.entries == [
        TrafficEvent(1.0, kinds.STARTED, 7, 3),
        TrafficEvent(1.25, kinds.SENT, 7, 3, "a\n"),
        TrafficEvent(1.375, kinds.RECEIVED, 7, 3, "ping\n"),
        TrafficEvent(1.375, kinds.SENT, 7, 3, "pong\n"),
        TrafficEvent(1.5, kinds.RECEIVED, 7, 3, "answer\xff\n"),
        TrafficEvent(1.625, kinds.SENT, 7, 3, "b\n"),
        TrafficEvent(1.625, kinds.ENDED, 7, 3),
    ]


def test_a_light_note_has_the_beginning_of_the_data() -> None:
    """Nothing more need travel than is written down."""
    user, notes = traffic(ask("a" * 100), limit=44)
    user.connected(101.1)
    user.sent(101, 101.2)
    user._log.flush()
    assert notes.entries[-1].data == "a" * 44


def test_an_exchange_has_what_tsungs_line_has() -> None:
    """Method, host, URL, status, size, duration, transaction, match and tag, of one request."""
    wanted = Match("hello", MatchAction.LOG, name="m")
    user, log, notes = browse(
        Transaction("home", (get("/index.html?a=1;2", "front", wanted),)), get("/next")
    )
    user.connected(101.1)
    user.sent(50, 101.2)
    user.received(OK[:10], 101.3)
    user.received(OK[10:], 101.5)
    user.sent(50, 101.6)
    user.received(OK.replace(b"200", b"404"), 101.7)
    log.flush()
    first, second = notes.entries
    assert (first.method, first.host, first.url) == ("get", "target.example", "/index.html?a=1;2")
    assert (first.status, first.size, first.tag) == ("200", len(OK), "front")
    assert (first.transaction, first.match, first.error) == ("tr_home", "match", "")
    assert (first.at, first.duration) == (pytest.approx(1.5), pytest.approx(0.5))
    assert (second.url, second.status, second.match, second.tag) == ("/next", "404", "", "")
    assert second.transaction == ""


def test_an_answer_that_is_wrong_is_noted_with_its_error() -> None:
    """It is for finding out which requests go wrong that people switch this on."""
    user, log, notes = browse(get("/"))
    user.connected(101.1)
    user.sent(50, 101.2)
    user.received(b"nonsense\r\n\r\n", 101.3)
    log.flush()
    (exchange,) = notes.entries
    assert exchange.error.startswith("error_http_")
    assert exchange.status == "error_no_http_status"
    assert user.is_idle


def test_a_protocol_without_lines_leaves_none() -> None:
    """Tsung has such lines of HTTP alone."""
    notes = Notes()
    log = DumpLog[Exchange](notes.take)
    world = World(Recorder(), Random(1))
    matches = world.match_log = AttentiveMatchLog()
    program = Program(Session("s", "ts_line", (ask("a"),)), LineRoom())
    user = ExchangeUser(7, program, TARGET, world, log, matches)
    user.start(0.0)
    user.connected(0.1)
    user.sent(2, 0.2)
    user.received(b"answer\n", 0.3)
    log.flush()
    assert world.recorder.users_finished == 1
    assert notes.entries == []


def test_being_listened_to_changes_no_statistic() -> None:
    """A dump that measures something else than a run without it would be worthless."""
    world = World(Recorder(), Random(1))
    plain = VirtualUser(7, Program(Session("s", "ts_line", (ask("a"),)), LineRoom()), TARGET, world)
    heard, _ = traffic(ask("a"))
    for user in (plain, heard):
        if user is plain:
            user.start(101.0)
        user.connected(101.1)
        user.sent(2, 101.2)
        user.received(b"answer\n", 101.4)
    assert heard.world.recorder.take(0) == plain.world.recorder.take(0)


@pytest.mark.parametrize(("size", "count"), [(0, MOST_ENTRIES), (MOST_BYTES, 1)])
def test_batches_are_bounded(size: int, count: int) -> None:
    """By number and by size: a message must never hold up the one behind it for long."""
    notes = Notes()
    log = DumpLog[int](notes.take)
    for number in range(count):
        assert not notes.batches
        log.note(number, size)
    assert [len(batch) for batch in notes.batches] == [count]


def test_what_is_not_taken_is_counted() -> None:
    """A gap in a dump must be known."""
    log = DumpLog[int](lambda _: False)
    for number in range(3):
        log.note(number)
    log.flush()
    assert log.lost == 3
