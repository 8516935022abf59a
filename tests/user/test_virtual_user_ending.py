"""What a user measures beside its requests must be Tsung's, or reports do not compare.

Here: pushes, transactions, pages, pauses, and all the ways in which a user ends.
"""

from __future__ import annotations

import pytest

from pytsung.plan import (
    Abort,
    Pause,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.user.steps import ABORT_TEST, END, PARK, STAY, Disconnect, Reply, Think
from tests.user.stage import (
    AWAIT,
    Fact,
    Stage,
    ask,
    broke,
    connect,
    hung_up,
    opened,
    said,
    send,
    start,
    woke,
    written,
)

PAUSE = ThinkTime(5.0)
BIDI = {"bidirectional": True}


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
