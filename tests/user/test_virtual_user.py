"""A virtual user must do what Tsung's does with the same facts, or the load is another one.

Each scene is a row of Tsung's behaviour: what may happen to a user while it
connects, sends, waits, thinks, and how each is counted.
"""

from __future__ import annotations

import pytest

from pytsung.plan import (
    Abort,
    ConnectionOptions,
    Pause,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.protocols.room import Ack
from pytsung.user.steps import ABORT_TEST, END, PARK, STAY, Await, Disconnect, Reply, Step, Think
from tests.user.stage import (
    AWAIT,
    Fact,
    Stage,
    ask,
    broke,
    connect,
    connected,
    hung_up,
    opened,
    refused,
    said,
    send,
    start,
    tell,
    unsent,
    woke,
    written,
)

PAUSE = ThinkTime(5.0)
NO_RETRY = ConnectionOptions(max_retries=0)
ONCE = {"persistent": False}
BIDI = {"bidirectional": True}


# -- connecting ---------------------------------------------------------------------


def test_a_request_connects_first_and_its_sample_includes_that() -> None:
    """Tsung's first `request` includes its `connect`; the next one on the connection does not."""
    stage = Stage((ask("a"), ask("b"))).play(
        (1.0, start, connect("a")),
        (1.25, opened, AWAIT),
        (1.5, said(b"ok\n"), send("b")),
        (1.5, written, AWAIT),
        (1.75, said(b"ok\n"), END),
    )
    assert stage.samples == {
        "connect": [0.25],
        "request": [0.5, 0.25],
        "page": [0.75],
        "session": [0.75],
    }
    assert stage.counters == {"line_answered": 2}
    sizes = stage.recorder.counters
    assert (sizes["size_sent"], sizes["size_rcv"]) == (4, 6)
    interval = stage.recorder.take(0)
    assert (interval.users_started, interval.users_finished, interval.users_open) == (1, 1, 0)
    assert (interval.connections_opened, interval.connections_closed) == (1, 1)


def test_a_refused_port_is_tried_four_times_with_growing_pauses() -> None:
    """4 x error_connect_econnrefused at 0, 10, 30, 60 ms and one giving up: Tsung's row."""
    no = refused("econnrefused")
    stage = Stage((ask(), PAUSE)).play(
        (0.000, start, connect()),
        (0.000, no, Think(0.010)),
        (0.010, woke, connect()),
        (0.010, no, Think(0.020)),
        (0.030, woke, connect()),
        (0.030, no, Think(0.030)),
        (0.060, woke, connect()),
        (0.060, no, END),
    )
    assert stage.counters == {
        "error_connect_econnrefused": 4,
        "error_abort_max_conn_retries": 1,
    }
    assert stage.samples == {"session": [0.060]}


@pytest.mark.parametrize("reason", ["timeout", "etimedout", "nxdomain", "tls_handshake_failure"])
def test_every_failed_connect_is_counted_under_its_reason(reason: str) -> None:
    """The reason is what a tester reads first."""
    stage = Stage((ask(),), NO_RETRY).play(
        (0.0, start, connect()),
        (1.0, refused(reason), END),
    )
    assert stage.counters == {f"error_connect_{reason}": 1, "error_abort_max_conn_retries": 1}


def test_a_retried_connect_that_succeeds_costs_nothing_but_its_count() -> None:
    """The sample is that of the attempt that worked, as in Tsung."""
    stage = Stage((ask(),)).play(
        (0.0, start, connect()),
        (1.0, refused("econnreset"), Think(0.010)),
        (2.0, woke, connect()),
        (2.5, opened, AWAIT),
        (3.0, said(b"ok\n"), END),
    )
    assert stage.counters == {"error_connect_econnreset": 1, "line_answered": 1}
    assert (stage.samples["connect"], stage.samples["request"]) == ([0.5], [1.0])


@pytest.mark.parametrize(("quirks", "pause"), [(False, 0.010), (True, 0.020)])
def test_retries_are_counted_anew_after_an_answer(quirks: bool, pause: float) -> None:
    """Tsung counts them over the whole session: its fourth hiccup in an hour ends a user."""
    Stage((ask("a bye"), ask("b")), quirks=quirks).play(
        (0.0, start, connect("a bye")),
        (0.0, refused("econnrefused"), Think(0.010)),
        (0.0, woke, connect("a bye")),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok bye\n"), Disconnect(connect("b"))),
        (0.0, refused("econnrefused"), Think(pause)),
    )


def test_connect_timeout_and_idle_timeout_are_the_sessions_own() -> None:
    """A wish that never reaches the driver would be no wish."""
    options = ConnectionOptions(connect_timeout=3.0, idle_timeout=4.0)
    stage = Stage((ask(),), options)
    step = start(stage, 0.0)
    assert step == connect().__class__(connect().endpoint, b"a\n", 3.0)
    stage.step = step
    stage.play((0.0, opened, Await(4.0)))


# -- sending ------------------------------------------------------------------------


def test_a_connection_that_was_closed_unnoticed_is_opened_again() -> None:
    """Servers close idle connections; the next request of a session must not be lost."""
    stage = Stage((ask("a"), PAUSE, ask("b"))).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok\n"), Think(5.0)),
        (5.0, woke, send("b")),
        (5.0, unsent("closed"), Disconnect(Think(0.010))),
        (5.5, woke, connect("b")),
        (5.5, opened, AWAIT),
    )
    assert stage.counters == {"line_answered": 1, "error_send_connection_closed": 1}
    assert stage.recorder.connections_open == 1


@pytest.mark.parametrize(
    ("fields", "reason", "step", "counters"),
    [
        ({}, "closed", Disconnect(Think(0.010)), {"error_send_connection_closed": 1}),
        ({}, "enobufs", Think(0.010), {"error_send_enobufs": 1}),
        (ONCE, "closed", END, {"error_send_connection_closed": 1, "error_unknown": 1}),
        (ONCE, "enobufs", END, {"error_send_enobufs": 1}),
    ],
)
def test_a_failed_send(
    fields: dict[str, bool], reason: str, step: Step, counters: dict[str, int]
) -> None:
    """Persistent sessions try again, others end, each under its own name."""
    stage = Stage((ask(),), fields=fields).play(
        (0.0, start, connect()),
        (0.0, connected, None),
        (0.0, unsent(reason), step),
    )
    assert stage.counters == counters


def test_sends_that_fail_for_ever_end_the_user() -> None:
    """Without a limit a broken target would be hammered."""
    stage = Stage((ask(),), NO_RETRY).play(
        (0.0, start, connect()),
        (0.0, connected, None),
        (0.0, unsent("closed"), END),
    )
    assert stage.counters == {
        "error_send_connection_closed": 1,
        "error_abort_max_send_retries": 1,
    }


def test_a_request_that_cannot_be_made_ends_the_user() -> None:
    """What the protocol refuses is counted under the protocol's name for it."""
    stage = Stage((ask("impossible"), ask("b"))).play((0.0, start, END))
    assert stage.counters == {"error_line_impossible": 1}


def test_a_peer_that_closes_before_it_has_heard_all_is_a_failed_send() -> None:
    """A user that goes on waiting to be told `sent` would hang for the rest of the test."""
    stage = Stage((tell("long"), PAUSE)).play(
        (0.0, start, connect("long")),
        (0.0, connected, None),
        (0.5, hung_up, Disconnect(Think(0.010))),
        (0.6, woke, connect("long")),
    )
    assert stage.counters == {"error_send_connection_closed": 1}


def test_a_protocol_that_closes_before_all_was_sent_is_a_failed_send() -> None:
    """The same, said in the protocol's words instead of TCP's."""
    stage = Stage((tell("long"), PAUSE)).play(
        (0.0, start, connect("long")),
        (0.0, connected, None),
        (0.5, said(b"bye\n"), Disconnect(Think(0.010))),
    )
    assert stage.counters == {"error_send_connection_closed": 1}


def test_an_answer_may_overtake_the_rest_of_its_request() -> None:
    """Servers answer a large request early; its bytes still count, and the session goes on."""
    stage = Stage((ask("long"), PAUSE)).play(
        (0.0, start, connect("long")),
        (0.0, connected, None),
        (0.5, said(b"no\n"), Think(5.0)),
    )
    assert stage.user.sent(5, 0.6) is STAY
    assert stage.user.send_failed("closed", 0.7) is STAY
    assert stage.recorder.counters["size_sent"] == 5
    assert stage.counters == {"line_answered": 1}


# -- waiting ------------------------------------------------------------------------


def test_an_answer_in_pieces_restarts_the_idle_timeout_with_each() -> None:
    """A slow answer is no silence."""
    stage = Stage((ask(),)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (1.0, said(b"o"), AWAIT),
        (2.0, said(b"k"), AWAIT),
        (3.0, said(b"\n"), END),
    )
    assert stage.samples["request"] == [3.0]


def test_silence_ends_the_user() -> None:
    """`error_timeout`, and no request sample: there was no answer."""
    stage = Stage((ask(), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (600.0, woke, END),
    )
    assert stage.counters == {"error_timeout": 1}
    assert "request" not in stage.samples


def test_local_ack_takes_the_first_byte_for_the_answer() -> None:
    """Tsung's `local`: whatever comes first, complete or not."""
    stage = Stage((ask("a", Ack.FIRST_DATA), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.5, said(b"o"), Think(5.0)),
        (1.0, said(b"ther\n"), STAY),
    )
    assert stage.samples["request"] == [0.5]
    assert stage.counters == {}


def test_local_ack_still_sends_what_the_protocol_must_say() -> None:
    """The first data may be a ping; a peer that hears no pong hangs up."""
    Stage((ask("a", Ack.FIRST_DATA), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.5, said(b"ping\n"), Reply(b"pong\n", Think(5.0))),
    )


def test_no_ack_goes_on_at_once_and_drops_what_comes_later() -> None:
    """Counted as `request_noack`; the answer, if any, is bytes and nothing else."""
    stage = Stage((tell("a"), PAUSE)).play(
        (0.0, start, connect("a")),
        (0.0, opened, Think(5.0)),
        (1.0, said(b"late\n"), STAY),
        (5.0, woke, END),
    )
    assert stage.counters == {"request_noack": 1}
    assert "request" not in stage.samples
    assert stage.samples["page"] == [0.0]
    assert stage.recorder.counters["size_rcv"] == 5


@pytest.mark.parametrize("now_waiting", [True, False])
def test_a_ping_is_answered_beside_everything_else(now_waiting: bool) -> None:
    """A ping is no answer and no push: it neither completes a request nor kills a user."""
    scene: list[tuple[float, Fact, Step | None]] = [
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
    ]
    if now_waiting:
        scene.append((1.0, said(b"ping\n"), Reply(b"pong\n", AWAIT)))
    else:
        scene.append((1.0, said(b"ok\n"), Think(5.0)))
        scene.append((2.0, said(b"ping\n"), Reply(b"pong\n", STAY)))
    stage = Stage((ask(), PAUSE)).play(*scene)
    assert not [name for name in stage.counters if name.startswith("error")]


def test_a_protocol_error_ends_the_user_after_the_last_word() -> None:
    """A peer that breaks the rules costs one user, counted under the protocol's name."""
    stage = Stage((ask(), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (1.0, said(b"ping\nnonsense\n"), Reply(b"pong\n", END)),
    )
    assert stage.counters == {"error_line_nonsense": 1}


# -- the peer closes ----------------------------------------------------------------


def test_a_close_may_be_the_end_of_the_answer() -> None:
    """Ack `parse`: the protocol is told, and normally completes the answer."""
    stage = Stage((ask("a"), ask("b"))).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (1.0, hung_up, Disconnect(connect("b"))),
    )
    assert stage.samples["request"] == [1.0]
    assert stage.recorder.connections_open == 0


def test_a_close_may_cut_the_answer_off() -> None:
    """The protocol decides; its error ends the user."""
    stage = Stage((ask(), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.5, said(b"unfinished"), AWAIT),
        (1.0, hung_up, END),
    )
    assert stage.counters == {"error_line_unfinished": 1}


def test_a_close_instead_of_a_local_ack_goes_on_without_a_sample() -> None:
    """Other acks than `parse`: no sample, the next action."""
    stage = Stage((ask("a", Ack.FIRST_DATA), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (1.0, hung_up, Disconnect(Think(5.0))),
    )
    assert "request" not in stage.samples


def test_a_close_while_thinking_is_noticed_and_repaired_at_the_next_request() -> None:
    """Persistent sessions stay, one connection fewer, and connect again when they need to."""
    stage = Stage((ask("a"), PAUSE, ask("b"))).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok\n"), Think(5.0)),
        (1.0, hung_up, Disconnect(STAY)),
    )
    assert stage.recorder.connections_open == 0
    stage.play((5.0, woke, connect("b")), (5.0, opened, AWAIT))
    assert stage.counters == {"line_answered": 1}


@pytest.mark.parametrize("thinking", [True, False])
def test_a_close_ends_a_session_that_is_not_persistent(thinking: bool) -> None:
    """`persistent="false"` says nothing about keep-alive: it says the close is the end."""
    stage = Stage((ask(), PAUSE), fields=ONCE).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
    )
    if thinking:
        stage.play((0.0, said(b"ok\n"), Think(5.0)))
    stage.play((1.0, hung_up, END))
    assert stage.counters["error_closed"] == 1


@pytest.mark.parametrize("thinking", [True, False])
def test_a_broken_connection_ends_the_user(thinking: bool) -> None:
    """`error_inet_R`, while thinking and while waiting alike."""
    stage = Stage((ask(), PAUSE)).play((0.0, start, connect()), (0.0, opened, AWAIT))
    if thinking:
        stage.play((0.0, said(b"ok\n"), Think(5.0)))
    stage.play((1.0, broke("etimedout"), END))
    assert stage.counters["error_inet_etimedout"] == 1
    assert stage.recorder.connections_open == 0


def test_a_protocol_that_closes_while_an_answer_is_awaited_goes_on() -> None:
    """Waiting for what can no longer come would end in a timeout ten minutes later."""
    stage = Stage((ask("a"), PAUSE)).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (1.0, said(b"bye\n"), Disconnect(Think(5.0))),
    )
    assert "request" not in stage.samples
    assert stage.recorder.connections_open == 0


@pytest.mark.parametrize(
    ("fields", "step", "counters"),
    [({}, Disconnect(STAY), {}), (ONCE, END, {"error_closed": 1})],
)
def test_a_protocol_that_closes_while_thinking(
    fields: dict[str, bool], step: Step, counters: dict[str, int]
) -> None:
    """A goodbye in the protocol's words is the same as TCP's."""
    stage = Stage((tell("a"), PAUSE), fields=fields).play(
        (0.0, start, connect("a")),
        (0.0, opened, Think(5.0)),
        (1.0, said(b"bye\n"), step),
    )
    assert stage.counters == {"request_noack": 1, **counters}


# -- pushes -------------------------------------------------------------------------


def test_a_push_ends_a_user_who_expected_none() -> None:
    """Not bidi, last ack `parse`: Tsung's `error_unknown_data`."""
    stage = Stage((ask(), PAUSE)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok\n"), Think(5.0)),
        (1.0, said(b"!news\n"), END),
    )
    assert stage.counters == {"line_answered": 1, "error_unknown_data": 1}


def test_a_push_is_counted_and_kept_out_of_a_bidirectional_users_way() -> None:
    """Bidi: `async_unknown_data_rcv`, and the think time goes on."""
    stage = Stage((ask(), PAUSE), fields=BIDI).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.5, said(b"!early\n"), AWAIT),
        (1.0, said(b"ok\n!behind\n"), Think(5.0)),
        (2.0, said(b"!one\n!two\n"), STAY),
        (6.0, woke, END),
    )
    assert stage.counters == {"line_answered": 1, "async_unknown_data_rcv": 4}


def test_wait_bidi_waits_for_a_push_without_a_timer() -> None:
    """A ping is none; the answer that led there is none; a push goes on."""
    Stage((ask(), WaitForPush(), PAUSE), fields=BIDI).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok\n"), PARK),
        (1.0, said(b"ping\n"), Reply(b"pong\n", STAY)),
        (2.0, said(b"!new"), STAY),
        (3.0, said(b"s\n"), Think(5.0)),
    )


@pytest.mark.parametrize("close", [hung_up, said(b"bye\n")])
def test_a_parked_user_whose_connection_ends_goes_on(close: Fact) -> None:
    """No push can come any more; Tsung's user would wait for ever."""
    Stage((ask(), WaitForPush(), PAUSE), fields=BIDI).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (0.0, said(b"ok\n"), PARK),
        (1.0, close, Disconnect(Think(5.0))),
    )


# -- transactions, pages, ends ------------------------------------------------------


def test_a_transaction_is_measured_think_times_included() -> None:
    """`tr_X` from its start to its stop; nested ones each for themselves."""
    inner = Transaction("inner", (ask("b"),))
    stage = Stage((Transaction("outer", (ask("a"), PAUSE, inner)), PAUSE)).play(
        (0.0, start, connect("a")),
        (0.5, opened, AWAIT),
        (1.0, said(b"ok\n"), Think(5.0)),
        (6.0, woke, send("b")),
        (6.0, written, AWAIT),
        (6.5, said(b"ok\n"), Think(5.0)),
    )
    assert (stage.samples["tr_outer"], stage.samples["tr_inner"]) == ([6.5], [0.5])


def test_transactions_left_open_are_recorded_at_the_end() -> None:
    """Tsung records them with the time so far when a session ends early."""
    inner = Transaction("inner", (ask("b"), ask("c")))
    stage = Stage((Transaction("outer", (ask("a"), inner)),)).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (1.0, said(b"ok\n"), send("b")),
        (1.0, written, AWAIT),
        (4.0, broke("epipe"), END),
    )
    assert (stage.samples["tr_outer"], stage.samples["tr_inner"]) == ([4.0], [3.0])


def test_a_page_is_a_run_of_requests_and_looks_through_transactions() -> None:
    """From the first send to the end of the last answer; a think time ends it."""
    steps = (ask("a"), Transaction("t", (ask("b"),)), ask("c"), PAUSE, ask("d"))
    stage = Stage(steps).play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (1.0, said(b"ok\n"), send("b")),
        (1.0, written, AWAIT),
        (2.0, said(b"ok\n"), send("c")),
        (2.0, written, AWAIT),
        (4.0, said(b"ok\n"), Think(5.0)),
        (9.0, woke, send("d")),
        (9.0, written, AWAIT),
        (9.5, said(b"ok\n"), END),
    )
    assert stage.samples["page"] == [4.0, 0.5]


def test_an_abort_ends_the_session_or_asks_for_the_end_of_the_test() -> None:
    """`<abort/>` is counted; `<abort type="all"/>` is the run's to count."""
    stage = Stage((Abort(), ask())).play((0.0, start, END))
    assert stage.counters == {"abort_session": 1}
    stage = Stage((Abort(whole_test=True), ask())).play((0.0, start, ABORT_TEST))
    assert stage.counters == {}


def test_think_times_are_drawn_or_filled() -> None:
    """A fixed, a drawn and a filled pause; one that is no number is the user's bad luck."""
    drawn = ThinkTime(1.0, Pause.UNIFORM, 2.0)
    filled = ThinkTime(pause=Pause.FROM_TEXT, text="%%_pause%%")
    stage = Stage((drawn, filled, filled)).set("pause", "0.25")
    step = start(stage, 0.0)
    assert isinstance(step, Think)
    assert 1.0 <= step.seconds <= 2.0
    stage.play((2.0, woke, Think(0.25)))
    stage.set("pause", "soon").play((3.0, woke, END))
    assert stage.counters == {"error_unknown": 1}


@pytest.mark.parametrize("text", ["-1", "inf", "nan", "1e999", ""])
def test_an_impossible_pause_ends_the_user_not_the_worker(text: str) -> None:
    """These are floats to Python, but no clock can wait for them."""
    stage = Stage((ThinkTime(pause=Pause.FROM_TEXT, text="%%_x%%"),)).set("x", text)
    stage.play((0.0, start, END))
    assert stage.counters == {"error_unknown": 1}


def test_an_abandoned_user_records_nothing_but_its_closed_connection() -> None:
    """A stopped test leaves users open: no session, no transaction is measured for them."""
    stage = Stage((Transaction("t", (ask(), PAUSE)),)).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
        (1.0, said(b"ok\n"), Think(5.0)),
    )
    assert stage.user.is_idle
    stage.user.abandon()
    assert set(stage.samples) == {"connect", "request", "page"}
    assert (stage.recorder.users_open, stage.recorder.connections_open) == (1, 0)


def test_nothing_moves_a_user_that_was_halted() -> None:
    """While a test stops, what the target still says must start no further request."""
    stage = Stage((ask(), ask("again")), fields={"bidirectional": True}).play(
        (0.0, start, connect()),
        (0.0, opened, AWAIT),
    )
    stage.user.halt()
    assert stage.user.is_idle
    assert stage.user.received(b"ok\n", 1.0) == STAY
    assert stage.user.woke(2.0) == STAY
    assert stage.user.peer_closed(3.0) == Disconnect(STAY)
    assert (stage.recorder.users_open, stage.recorder.connections_open) == (1, 0)
