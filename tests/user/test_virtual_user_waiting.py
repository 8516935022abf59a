"""A user that waits must take the right thing for its answer, or no response time is true.

Here: answers whole and in pieces, silence, and a peer that closes at any moment.
"""

from __future__ import annotations

import pytest

from pytsung.plan import (
    ThinkTime,
)
from pytsung.protocols.room import Ack
from pytsung.user.steps import END, STAY, Disconnect, Reply, Step, Think
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
    start,
    tell,
    woke,
)

PAUSE = ThinkTime(5.0)
ONCE = {"persistent": False}


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
    assert stage.recorder.bytes_received == 5


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
