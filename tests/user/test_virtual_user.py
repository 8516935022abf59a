"""A virtual user must do what Tsung's does with the same facts, or the load is another one.

Here: how it connects and sends, and how each failure is counted.
"""

from __future__ import annotations

import pytest

from pytsung.plan import (
    ConnectionOptions,
    ThinkTime,
)
from pytsung.user.steps import END, STAY, Await, Disconnect, Step, Think
from tests.user.stage import (
    AWAIT,
    Stage,
    ask,
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
    interval = stage.recorder.take(0)
    sizes = interval.counters
    assert (sizes["size_sent"], sizes["size_rcv"]) == (4, 6)
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
    assert stage.samples["page"] == [3.0]  # it began with the first attempt


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
    assert stage.recorder.bytes_sent == 5
    assert stage.counters == {"line_answered": 1}
