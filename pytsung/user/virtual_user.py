"""One simulated user living one session: facts in, steps out.

    READY ──start──▶ SENDING ──sent──▶ WAITING ──answer, close──▶ (next operation)
                       │  ▲
                failed ▼  │ woke
                     RETRYING
    THINKING ──woke──▶ (next operation)      PARKED ──push──▶ (next operation)
    any state ──▶ ENDED

Never sleeps and never touches a socket: it asks to be connected, heard and woken,
is told what happened and when (seconds on any steady clock), and records what it
measured. Definitions of the statistics are Tsung's (manual, "Statistics"); the
first `request` of a connection includes its `connect`.
"""

from __future__ import annotations

import enum
from dataclasses import replace

from pytsung.plan import Endpoint
from pytsung.protocols.room import Ack, Feedback, RequestContext, RequestError
from pytsung.user import steps, substitution
from pytsung.user.operations import MakeRequest
from pytsung.user.player import Exchanging
from pytsung.user.program import USER_NUMBER, Program
from pytsung.user.steps import STAY, Step, Think
from pytsung.user.values import Value, text_of
from pytsung.user.world import World


class State(enum.IntEnum):
    """Where a user is; the module's docstring draws the transitions."""

    READY = 0
    SENDING = 1
    WAITING = 2
    THINKING = 3
    PARKED = 4
    RETRYING = 5
    ENDED = 6


# As plain names: looked up once an event, by very many users.
SENDING, WAITING, THINKING = State.SENDING, State.WAITING, State.THINKING
PARKED, RETRYING, ENDED = State.PARKED, State.RETRYING, State.ENDED


def _as_it_is(text: str) -> str:
    return text


class VirtualUser:
    """A user numbered `number` who plays `program` against `endpoint`.

    `request_started` is when the request at hand was made; the driver sets it anew
    right before it connects or writes, to keep its own lateness out of the sample.
    """

    __slots__ = (
        "_ack",
        "_is_connected",
        "_page_started",
        "_retries",
        "_started",
        "_transactions",
        "conversation",
        "endpoint",
        "number",
        "position",
        "program",
        "request_started",
        "state",
        "variables",
        "world",
    )

    def __init__(self, number: int, program: Program, endpoint: Endpoint, world: World) -> None:
        self.number = number
        self.program = program
        self.endpoint = endpoint
        self.world = world
        self.state = State.READY
        self.position = 0
        self.variables: list[Value] | None = None
        self.conversation = program.room.converse()
        self._ack = Ack.ANSWER
        self._is_connected = False
        self._retries = 0
        self._transactions: list[tuple[str, float]] | None = None
        self._started = 0.0
        self.request_started: float | None = None
        self._page_started: float | None = None

    # -- facts ----------------------------------------------------------------

    def start(self, now: float) -> Step:
        """The user arrives."""
        self._started = now
        self.world.recorder.user_started()
        if self.program.number_slot is not None:
            self.set(self.program.number_slot, self.number)
        return self._advance(now)

    def woke(self, now: float) -> Step:
        """The time asked for has passed: a think time, a back-off, or too long a silence."""
        if self.state is THINKING:
            return self._advance(now)
        if self.state is RETRYING:
            return self._attempt(now)
        if self.state is WAITING:
            return self.fail("error_timeout", now)
        return STAY

    def connected(self, at: float) -> None:
        """The connection is established, TLS included; the request is about to be sent."""
        assert self.request_started is not None
        self._is_connected = True
        recorder = self.world.recorder
        recorder.connection_opened()
        recorder.batches["connect"].append(at - self.request_started)

    def connect_failed(self, reason: str, now: float) -> Step:
        """No connection, for `reason` (a POSIX name in lower case, `timeout`, `closed`…)."""
        self.world.recorder.count(f"error_connect_{reason}")
        options = self.program.session.options
        if self._retries >= options.max_retries:
            return self.fail("error_abort_max_conn_retries", now)
        self._retries += 1
        self.state = RETRYING
        return Think(options.retry_delay * self._retries)

    def sent(self, size: int, now: float) -> Step:
        """The request's bytes, `size` of them, have all been written."""
        self.world.recorder.counters["size_sent"] += size
        if self.state is not SENDING:  # the peer has answered before it had heard all
            return STAY
        if self._ack is not Ack.NONE:
            self.state = WAITING
            return self.program.await_answer
        self.world.recorder.count("request_noack")
        return self._complete(now)

    def send_failed(self, reason: str, now: float) -> Step:
        """The request could not be written; `closed` is a connection that the peer has closed."""
        if self.state is not SENDING:  # it was answered all the same
            return STAY
        recorder = self.world.recorder
        is_closed = reason == "closed"
        recorder.count("error_send_connection_closed" if is_closed else f"error_send_{reason}")
        session = self.program.session
        if self._retries >= session.options.max_retries:
            return self.fail("error_abort_max_send_retries", now)
        self._retries += 1
        if not session.persistent:
            return self.fail("error_unknown", now) if is_closed else self._end(now)
        self.state = RETRYING
        pause = Think(session.options.retry_delay)
        if not is_closed:
            return pause
        self._forget_connection()
        return steps.Disconnect(pause)

    def received(self, data: bytes, now: float) -> Step:
        """Bytes have come, awaited or not."""
        self.world.recorder.counters["size_rcv"] += len(data)
        feedback = self.conversation.feed(data)
        if self.state is WAITING and self._ack is Ack.FIRST_DATA:
            # Whatever it is, it is the answer; the protocol may still have to reply to it.
            feedback = replace(feedback, complete=True, pushes=0)
        return self._heed(feedback, now)

    def peer_closed(self, now: float) -> Step:
        """The peer has closed the connection."""
        if not self.program.session.persistent:
            return self.fail("error_closed", now)
        if self.state is SENDING:
            return self.send_failed("closed", now)
        awaited = self.state is WAITING
        feedback = self.conversation.peer_closed() if awaited and self._ack is Ack.ANSWER else None
        self._forget_connection()
        if feedback is not None:
            for counter in feedback.counters:
                self.world.recorder.count(counter)
            if feedback.error:
                return self.fail(feedback.error, now)
            return steps.Disconnect(self._complete(now))
        if awaited or self.state is PARKED:
            return steps.Disconnect(self._advance(now))
        return steps.Disconnect(STAY)

    def broken(self, reason: str, now: float) -> Step:
        """The connection failed in mid-air (reset is told as `peer_closed`, as in Tsung)."""
        return self.fail(f"error_inet_{reason}", now)

    def halt(self) -> None:
        """The test is stopping: the step that this user last gave is not carried out."""
        self.state = PARKED

    def abandon(self) -> None:
        """The test is over before the user was: nothing is recorded but the closed connection."""
        self._note_closed()
        self.state = ENDED

    @property
    def is_idle(self) -> bool:
        """Whether no request is in flight."""
        return self.state in (THINKING, PARKED, ENDED)

    # -- what operations ask for ----------------------------------------------

    def begin_request(self, operation: Exchanging, now: float) -> Step:
        """Start an exchange; `position` already points behind its operation."""
        if self._page_started is None:
            self._page_started = now
        return self._make(operation, now)

    def think(self, step: Think) -> Step:
        """Pause."""
        self.state = THINKING
        return step

    def park(self) -> None:
        """Wait for a push, without a timer."""
        self.state = PARKED

    def open_transaction(self, sample: str, now: float) -> None:
        """Begin to measure a transaction."""
        if self._transactions is None:
            self._transactions = []
        self._transactions.append((sample, now))

    def close_transaction(self, sample: str, now: float) -> None:
        """Record the innermost open transaction of that name."""
        transactions = self._transactions or []
        for position in reversed(range(len(transactions))):
            if transactions[position][0] == sample:
                self.world.recorder.sample(sample, now - transactions.pop(position)[1])
                return

    def fail(self, counter: str, now: float) -> Step:
        """End the session early, for a reason that is counted."""
        self.world.recorder.count(counter)
        return self._end(now)

    def abort_test(self, now: float) -> Step:
        """End the session, and ask for the end of the whole test."""
        self._end(now)
        return steps.ABORT_TEST

    def get(self, slot: int) -> Value:
        """A variable's value; None when it was never set."""
        return self.variables[slot] if self.variables is not None else None

    def set(self, slot: int, value: Value) -> None:
        """Set a variable."""
        if self.variables is None:
            self.variables = [None] * len(self.program.variables)
        self.variables[slot] = value

    def fill(self, text: str) -> str:
        """The text with this user's variables in it."""
        return substitution.fill(text, self._variable_text, self._function_text)

    def _variable_text(self, name: str) -> str:
        if name == USER_NUMBER:
            return str(self.number)
        return text_of(self.program.variables.reference(name).read(self.variables))

    def _function_text(self, name: str) -> str:
        if name == "ts_user_server:get_unique_id":
            return str(self.number)
        if name == "ts_user_server:get_really_unique_id":
            return f"{self.world.unix_time}-{self.number}"
        raise ValueError(f"{name} is no built-in function; such a configuration is refused")

    # -- the way on -----------------------------------------------------------

    def _advance(self, now: float) -> Step:
        operations = self.program.operations
        count = len(operations)
        while self.position < count:
            operation = operations[self.position]
            self.position += 1
            step = operation.run(self, now)
            if step is not None:
                return step
        return self._end(now)

    def _attempt(self, now: float) -> Step:
        """Make the request at hand once more; it is the operation just behind `position`."""
        operation = self.program.operations[self.position - 1]
        assert isinstance(operation, MakeRequest)
        return self._make(operation, now)

    def _make(self, operation: Exchanging, now: float) -> Step:
        world = self.world
        fill = self.fill if operation.substitute else _as_it_is
        context = RequestContext(
            self.endpoint, world.random, fill, world.quirks, unix_time=now + world.unix_offset
        )
        try:
            exchange = self.conversation.begin(operation.request, context)
        except RequestError as error:
            return self.fail(error.counter, now)
        self._ack = exchange.ack
        self.request_started = now
        self.state = SENDING
        elsewhere = exchange.endpoint is not None and exchange.endpoint != self.endpoint
        if exchange.endpoint is not None:
            self.endpoint = exchange.endpoint
        timeout = self.program.session.options.connect_timeout
        connect = steps.Connect(self.endpoint, exchange.data, timeout)
        if not self._is_connected:
            return connect
        if not elsewhere and not exchange.fresh:
            return steps.Send(exchange.data)
        self._note_closed()
        return steps.Disconnect(connect)

    def _heed(self, feedback: Feedback, now: float) -> Step:
        """Act on what the conversation made of received bytes."""
        recorder = self.world.recorder
        for counter in feedback.counters:
            recorder.count(counter)
        if feedback.error:
            return self._with_reply(feedback, self.fail(feedback.error, now))
        then: Step = STAY
        if feedback.complete and self.state in (WAITING, SENDING):
            if feedback.close:  # first: what comes next must find no connection
                self._forget_connection()
                then = steps.Disconnect(self._complete(now))
            else:
                then = self._complete(now)
        elif feedback.close:
            then = self._closed_by_protocol(now)
        elif self.state is WAITING:
            then = self.program.await_answer
        if feedback.pushes:
            then = self._pushed(feedback, then, now)
        return self._with_reply(feedback, then)

    def _closed_by_protocol(self, now: float) -> Step:
        """The conversation wants the connection closed, and this was no answer."""
        if not self.program.session.persistent:
            return self.fail("error_closed", now)
        if self.state is SENDING:
            return self.send_failed("closed", now)
        self._forget_connection()
        # What is being waited for can no longer come.
        waits = self.state in (WAITING, PARKED)
        return steps.Disconnect(self._advance(now) if waits else STAY)

    @staticmethod
    def _with_reply(feedback: Feedback, then: Step) -> Step:
        return steps.Reply(feedback.reply, then) if feedback.reply else then

    def _pushed(self, feedback: Feedback, then: Step, now: float) -> Step:
        """Messages have come that nobody asked for."""
        if self.program.session.bidirectional:
            self.world.recorder.count("async_unknown_data_rcv", feedback.pushes)
            if self.state is PARKED and not feedback.complete:
                return self._advance(now)
        elif self.state is THINKING and self._ack is Ack.ANSWER and not feedback.complete:
            return self.fail("error_unknown_data", now)
        return then

    def _complete(self, now: float) -> Step:
        """The request is answered, or needs no answer: record it and go on."""
        recorder = self.world.recorder
        if self._ack is not Ack.NONE:
            assert self.request_started is not None
            recorder.batches["request"].append(now - self.request_started)
        self.request_started = None
        if not self.world.quirks:
            self._retries = 0  # Tsung counts retries over the whole session
        operation = self.program.operations[self.position - 1]
        assert isinstance(operation, MakeRequest)
        if operation.ends_page and self._page_started is not None:
            recorder.batches["page"].append(now - self._page_started)
            self._page_started = None
        return self._advance(now)

    def _note_closed(self) -> None:
        if self._is_connected:
            self._is_connected = False
            self.world.recorder.connection_closed()

    def _forget_connection(self) -> None:
        self._note_closed()
        self.conversation.disconnected()

    def _end(self, now: float) -> Step:
        recorder = self.world.recorder
        self._note_closed()
        for sample, started in self._transactions or ():
            recorder.sample(sample, now - started)
        recorder.sample("session", now - self._started)
        recorder.user_finished()
        self.state = ENDED
        return steps.END
