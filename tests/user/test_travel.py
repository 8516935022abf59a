"""Users that go elsewhere, hold back, and wait for each other."""

from __future__ import annotations

import pytest

from pytsung.plan import (
    ChangeType,
    ConnectionOptions,
    Endpoint,
    Interaction,
    RateLimit,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    ThinkTime,
    Transport,
    WaitForAll,
)
from pytsung.protocols.room import Ack
from pytsung.user.particulars import TokenBucket
from pytsung.user.steps import (
    END,
    STAY,
    AwaitAll,
    Connect,
    Disconnect,
    Hold,
    Listen,
    Restore,
    Step,
    Store,
    Think,
)
from tests.user.stage import AWAIT, Stage, ask, connect, hung_up, opened, said, send, start, woke

THERE = Endpoint("there", 8, Transport.TLS)


def go(*, store: bool = False) -> ChangeType:
    return ChangeType("ts_line", "there", "8", Transport.TLS, store=store)


def back() -> ChangeType:
    return ChangeType("ts_line", "%%_h%%", "7", restore=True)


def opened_there(stage: Stage, now: float) -> Step:
    """Connected to the other target, and the request written."""
    stage.user.connected(now)
    return stage.user.sent(2, now)


def test_a_change_closes_the_connection_and_goes_elsewhere() -> None:
    """The next request connects to the new target."""
    stage = Stage((ask("a"), go(), ask("b")))
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AWAIT),
        (0.2, said(b"ok\n"), Disconnect(Connect(THERE, b"b\n"))),
    )
    assert stage.recorder.take(0).connections_open == 0


def test_a_change_before_the_first_request_only_sets_the_target() -> None:
    """There is nothing to close."""
    Stage((go(), ask("b"))).play((0.0, start, Connect(THERE, b"b\n")))


def test_a_connection_can_be_put_aside_and_taken_up() -> None:
    """Away and back: neither connection is made twice."""
    stage = Stage((ask("a"), go(store=True), ask("b"), back(), ask("c")))
    stage.set("h", "target")
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AWAIT),
        (0.2, said(b"ok\n"), Store("ts_line", Connect(THERE, b"b\n"))),
        (0.3, opened_there, AWAIT),
        (0.4, said(b"ok\n"), Disconnect(Restore("ts_line", send("c")))),
        (0.5, lambda stage, now: stage.user.sent(2, now), AWAIT),
        (0.6, said(b"ok\n"), END),
    )
    assert len(stage.samples["connect"]) == 2
    assert stage.recorder.take(0).connections_open == 0


def test_a_connection_that_was_closed_while_put_aside_is_made_anew() -> None:
    """The user is told, and connects when it needs one."""
    stage = Stage((ask("a"), go(store=True), ask("b"), back(), ask("c")))
    stage.set("h", "target")
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AWAIT),
        (0.2, said(b"ok\n"), Store("ts_line", Connect(THERE, b"b\n"))),
        (0.3, opened_there, AWAIT),
    )
    stage.user.lost_stored("ts_line")
    stage.play((0.4, said(b"ok\n"), Disconnect(connect("c"))))


def test_connections_put_aside_are_counted_until_the_user_ends() -> None:
    """And closed then."""
    stage = Stage((ask("a"), go(store=True), ThinkTime(1.0)))
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AWAIT),
        (0.2, said(b"ok\n"), Store("ts_line", Think(1.0))),
    )
    assert stage.recorder.take(0).connections_open == 1
    stage.play((1.2, woke, END))
    assert stage.recorder.take(1).connections_open == 0


@pytest.mark.parametrize("port", ["", "x", "0", "70000", "-1"])
def test_a_port_that_is_none_ends_the_user(port: str) -> None:
    """It came out of a variable."""
    stage = Stage((ChangeType("ts_line", "a", "%%_p%%"), ask())).set("p", port)
    stage.play((0.0, start, END))
    assert stage.counters == {"error_unknown": 1}


def test_settings_hold_from_then_on() -> None:
    """For this user and no other."""
    certificate = SetCertificate("%%_n%%.pem")
    stage = Stage((SetConnectTimeout(1.5), ask("a"), certificate, ask("b"))).set("n", "x")
    stage.play(
        (0.0, start, Connect(Endpoint("target", 7), b"a\n", 1.5)),
        (0.1, opened, AWAIT),
        (0.2, said(b"ok\n"), Disconnect(Connect(Endpoint("target", 7), b"b\n", 1.5))),
    )
    assert stage.user.certificate == SetCertificate("x.pem")


# -- rate limit ---------------------------------------------------------------------


def test_a_bucket_fills_with_time_and_pauses_when_it_is_empty() -> None:
    """Tsung's arithmetic: starts empty, never fuller than a burst."""
    bucket = TokenBucket(RateLimit(rate=1000.0, burst=500.0), 0.0)
    assert bucket.take(100, 0.05) == pytest.approx(0.05)  # 50 of 100 are there
    assert bucket.take(100, 0.25) == pytest.approx(0.0, abs=1e-9)  # filled since 0.1
    assert bucket.take(400, 9.0) == 0.0
    assert bucket.take(600, 9.0) == pytest.approx(0.5)  # 100 were left


@pytest.mark.parametrize("by_option", [True, False])
def test_data_beyond_the_rate_is_looked_at_later(by_option: bool) -> None:
    """Nothing is read meanwhile, and the answer is as late as it was allowed to be."""
    limit = RateLimit(rate=10.0, burst=1000.0)
    options = ConnectionOptions(rate_limit=limit if by_option else None)
    steps = (ask("a"), ask("b")) if by_option else (SetRateLimit(limit), ask("a"), ask("b"))
    stage = Stage(steps, options=options)
    stage.play((0.0, start, connect("a")), (0.0, opened, AWAIT))
    held = stage.user.received(b"okokok\n", 0.0)
    assert isinstance(held, Hold)
    assert held.seconds == pytest.approx(0.7)
    assert not stage.user.is_idle
    stage.play((0.7, woke, Listen(send("b"))))
    assert stage.samples["request"] == [0.7]


def test_data_that_nobody_waits_for_is_not_limited() -> None:
    """As in Tsung."""
    stage = Stage((SetRateLimit(RateLimit(1.0, 1.0)), ask("a"), ThinkTime(9.0)))
    stage.fields["bidirectional"] = True
    stage.__post_init__()
    stage.play((0.0, start, connect("a")), (0.0, opened, AWAIT))
    stage.user.received(b"ok\n", 0.0)
    stage.play((5.0, woke, Listen(Think(9.0))), (6.0, said(b"!push\n"), STAY))


# -- each other ---------------------------------------------------------------------


def released(stage: Stage, now: float) -> Step:
    return stage.user.released(now)


def test_users_wait_for_each_other() -> None:
    """Until they are let go, for as long as the option says."""
    options = ConnectionOptions(barrier_timeout=5.0)
    stage = Stage((WaitForAll(), ask("a")), options=options)
    stage.play((0.0, start, AwaitAll(5.0)))
    assert stage.user.is_idle
    stage.play((1.0, released, connect("a")), (1.1, released, STAY))


def test_who_waits_too_long_for_the_others_ends() -> None:
    """Counted as any other silence."""
    stage = Stage((WaitForAll(), ask("a")))
    stage.play((0.0, start, AwaitAll(None)), (5.0, woke, END))
    assert stage.counters == {"error_timeout": 1}


def test_a_request_can_end_when_all_have_sent_it() -> None:
    """`ack="global"`: what is answered is not looked at, the time runs until the release."""
    stage = Stage((ask("a", Ack.GLOBAL), ask("b", Ack.NONE)))
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AwaitAll(None)),
        (0.5, said(b"whatever\n"), STAY),
        (2.0, released, send("b")),
    )
    assert stage.samples["request"] == [2.0]


def test_what_comes_while_a_request_waits_for_all_is_no_push() -> None:
    """Only its bytes count; what comes while a user just waits for all is one, as in a pause."""
    stage = Stage((ask("a", Ack.GLOBAL), WaitForAll()), fields={"bidirectional": True})
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AwaitAll(None)),
        (0.5, said(b"!one\n"), STAY),
        (2.0, released, AwaitAll(None)),
        (2.5, said(b"!two\n"), STAY),
    )
    assert stage.counters == {"async_unknown_data_rcv": 1}
    assert stage.recorder.bytes_received == len("!one\n!two\n")


def test_a_close_ends_a_request_that_waits_for_all() -> None:
    """Without a sample; the session goes on."""
    stage = Stage((ask("a", Ack.GLOBAL), ThinkTime(1.0)))
    stage.play(
        (0.0, start, connect("a")),
        (0.1, opened, AwaitAll(None)),
        (0.5, hung_up, Disconnect(Think(1.0))),
        (0.6, released, STAY),
    )
    assert "request" not in stage.samples


def test_interactions_measure_from_one_user_to_another() -> None:
    """The last send counts, several may receive, and nothing waits."""
    stage = Stage(
        (
            Interaction("x", is_send=False),
            Interaction("x", is_send=True),
            ThinkTime(2.0),
            Interaction("x", is_send=False),
            Interaction("x", is_send=False),
        )
    )
    stage.play((1.0, start, Think(2.0)))
    encounters = stage.user.world.encounters
    assert encounters.take_news() == {"x": 1.0}
    encounters.learn({"x": 2.5, "y": 0.1})
    encounters.learn({"x": 2.0})
    stage.play((3.0, woke, END))
    assert stage.samples["tr_x"] == [0.5, 0.5]
    assert encounters.take_news() == {}
