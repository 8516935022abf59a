"""One simulated user living one session: facts in, steps out.

    READY ──start──▶ SENDING ──sent──▶ WAITING ──answer, close──▶ (next operation)
                       │  ▲
                failed ▼  │ woke
                     RETRYING
    THINKING ──woke──▶ (next operation)      PARKED ──push──▶ (next operation)
    IN_NEED ──supplied──▶ (same operation)   GATHERED ──released──▶ (next operation)
    WAITING ──data, rate limit──▶ HELD ──woke──▶ WAITING
    any state ──▶ ENDED

Never sleeps and never touches a socket: it asks to be connected, heard and woken,
is told what happened and when (seconds on any steady clock), and records what it
measured. Definitions of the statistics are Tsung's (manual, "Statistics"); the
first `request` of a connection includes its `connect`.
"""

from __future__ import annotations

from dataclasses import replace

from pytsung.plan import Endpoint
from pytsung.protocols.room import Ack, Feedback, RequestError, StampedFeedback
from pytsung.user import steps
from pytsung.user.pauses import Pauses
from pytsung.user.player import Exchanging
from pytsung.user.program import Program
from pytsung.user.state import (
    ENDED,
    GATHERED,
    HALTED,
    HELD,
    IN_NEED,
    LOST,
    PARKED,
    RETRYING,
    SENDING,
    THINKING,
    WAITING,
    State,
)
from pytsung.user.steps import STAY, Step, Think
from pytsung.user.world import World

# As plain names, like those of `state`: a look through the enum costs ten times as much.
BY_ANSWER, BY_FIRST_DATA, BY_NOTHING, BY_ALL = Ack.ANSWER, Ack.FIRST_DATA, Ack.NONE, Ack.GLOBAL


class VirtualUser(Pauses):
    """A user numbered `number` who plays `program` against `endpoint`.

    `request_started` is when the request at hand was made; the driver sets it anew
    right before it connects or writes, to keep its own lateness out of the sample.
    """

    _operation: Exchanging
    __slots__ = ("_ack", "_operation", "_page_started", "_retries", "request_started")

    def __init__(self, number: int, program: Program, endpoint: Endpoint, world: World) -> None:
        self.number = number
        self.program = program
        self.endpoint = endpoint
        self.world = world
        self.state = State.READY
        self.position = 0
        self.variables = None
        self.conversation = program.room.converse()
        self._ack = BY_ANSWER  # with `_operation`, of the request at hand
        self._is_connected = False
        self._retries = 0
        self._transactions = None
        self._particulars = None
        self._started = 0.0
        self.request_started: float | None = None
        self._page_started: float | None = None

    # -- facts ----------------------------------------------------------------

    def start(self, now: float) -> Step:
        """The user arrives."""
        self._started = now
        recorder = self.world.recorder
        recorder.users_started += 1
        recorder.users_open += 1
        if self.program.number_slot is not None:
            self.set(self.program.number_slot, self.number)
        if self.program.rate_limit is not None:
            self.limit_rate(self.program.rate_limit, now)
        return self._advance(now)

    def woke(self, now: float) -> Step:
        """The time asked for has passed: a think time, a back-off, or too long a silence."""
        if self.state is THINKING:
            return self._advance(now)
        if self.state is RETRYING:
            return self._attempt(now)
        if self.state is HELD:
            return self._release_data(now)
        if self.state in (WAITING, GATHERED, SENDING):  # the peer may not even read
            return self.fail("error_timeout", now)
        return STAY

    def supplied(self, now: float) -> Step:
        """What the user was in need of may have come."""
        return self._advance(now) if self.state is IN_NEED else STAY

    def released(self, now: float) -> Step:
        """All the others have come too, or too long ago."""
        if self.state is not GATHERED:
            return STAY
        return self._advance(now) if self.request_started is None else self._complete(now)

    def connected(self, at: float) -> None:
        """The connection is established, TLS included; the request is about to be sent."""
        assert self.request_started is not None
        self._is_connected = True
        recorder = self.world.recorder
        recorder.connections_opened += 1
        recorder.connections_open += 1
        recorder.batches["connect"].append(at - self.request_started)

    def connect_failed(self, reason: str, now: float) -> Step:
        """No connection, for `reason` (a POSIX name in lower case, `timeout`, `closed`…)."""
        self.world.recorder.count(f"error_connect_{reason}")
        options = self.program.session.options
        if self._retries >= options.max_retries:
            return self.fail("error_abort_max_conn_retries", now)
        self._retry()
        return Think(options.retry_delay * self._retries)

    def connected_and_sent(self, size: int, at: float) -> Step:
        """Both at once: on a near network the connection stands as soon as it is asked for."""
        self.connected(at)
        return self.sent(size, at)

    def sent(self, size: int, now: float) -> Step:
        """The request's bytes, `size` of them, have all been written."""
        self.world.recorder.bytes_sent += size
        if self.state is not SENDING:  # the peer has answered before it had heard all
            return STAY
        ack = self._ack
        if ack is BY_ANSWER or ack is BY_FIRST_DATA:
            self.state = WAITING
            return self.program.await_answer
        if ack is BY_ALL:
            return self.await_all()
        self.world.recorder.count("request_noack")
        return self._complete(now)

    def send_failed(self, reason: str, now: float) -> Step:
        """The request could not be written; `closed` is a connection that the peer has closed.

        After a reason in `LOST` the driver has no connection any more, or closes it now.
        """
        if self.state is not SENDING:  # it was answered all the same
            return STAY
        recorder = self.world.recorder
        is_closed = reason == "closed"
        recorder.count("error_send_connection_closed" if is_closed else f"error_send_{reason}")
        session = self.program.session
        if self._retries >= session.options.max_retries:
            return self.fail("error_abort_max_send_retries", now)
        if not session.persistent:
            return self.fail("error_unknown", now) if is_closed else self._end(now)
        self._retry()
        pause = Think(session.options.retry_delay)
        if reason not in LOST:
            return pause
        self._forget_connection()
        return steps.Disconnect(pause)

    def received(self, data: bytes, now: float) -> Step:
        """Bytes have come, awaited or not."""
        self.world.recorder.bytes_received += len(data)
        if self._particulars is not None and self.state in (WAITING, HELD):
            pause = self._pause_after(data, now)
            if pause > 0:
                return steps.Hold(pause)
            if self.state is HELD:
                return STAY
        if self._ack is BY_FIRST_DATA:
            return self._hear_anything(data, now)
        return self._heed(self.conversation.feed(data), now)

    def _hear_anything(self, data: bytes, now: float) -> Step:
        """Whatever has come is the answer; the protocol may still have to reply to it."""
        feedback = self.conversation.feed(data)
        if self.state is WAITING:
            feedback = replace(feedback, complete=True, pushes=0, answer=data)
        return self._heed(feedback, now)

    def _pause_after(self, data: bytes, now: float) -> float:
        """Seconds that the rate limit wants before the data is looked at."""
        own = self._own()
        if self.state is HELD:  # it came with what is held, as a block of its own
            own.held += data
            return 0.0
        pause = own.bucket.take(len(data), now) if own.bucket is not None else 0.0
        if pause > 0:
            self.state = HELD
            own.held = data
        return pause

    def _release_data(self, now: float) -> Step:
        own = self._own()
        data, own.held = own.held, b""
        self.state = WAITING
        if self._ack is BY_FIRST_DATA:
            return steps.Listen(self._hear_anything(data, now))
        return steps.Listen(self._heed(self.conversation.feed(data), now))

    def peer_closed(self, now: float) -> Step:
        """The peer has closed the connection."""
        if self.state is HALTED:
            self._forget_connection()
            return steps.Disconnect(STAY)
        if not self.program.session.persistent:
            return self.fail("error_closed", now)
        if self.state is SENDING:
            return self.send_failed("closed", now)
        awaited = self.state is WAITING
        feedback = self.conversation.peer_closed() if awaited and self._ack is BY_ANSWER else None
        self._forget_connection()
        if feedback is not None:
            for counter in feedback.counters:
                self.world.recorder.count(counter)
            if feedback.error:
                return self.fail(feedback.error, now)
            return steps.Disconnect(self._complete(now, feedback.answer))
        if self._awaits_all:
            awaited = True
        if awaited or self.state is PARKED:
            return steps.Disconnect(self._advance(now))
        return steps.Disconnect(STAY)

    def broken(self, reason: str, now: float) -> Step:
        """The connection failed in mid-air (reset is told as `peer_closed`, as in Tsung)."""
        return self.fail(f"error_inet_{reason}", now)

    def halt(self) -> None:
        """The test is stopping: the step that this user last gave is not carried out."""
        self.state = HALTED

    def abandon(self) -> None:
        """The test is over before the user was: nothing is recorded but the closed connection."""
        self._note_closed_all()
        self.state = ENDED

    @property
    def is_idle(self) -> bool:
        """Whether no request is in flight."""
        return self.state in (THINKING, PARKED, IN_NEED, GATHERED, HALTED, ENDED)

    # -- what operations ask for ----------------------------------------------

    def begin_request(self, operation: Exchanging, now: float) -> Step:
        """Start an exchange; `position` already points behind its operation."""
        if operation.needs is not None:
            step = self.await_supplies(operation.needs, now)
            if step is not None:
                return step
        world = self.world
        context = world.context
        context.endpoint = self.endpoint
        context.fill = self.fill if operation.substitute else str
        context.keep_answer = operation.inspection is not None
        context.unix_time = now + world.unix_offset
        try:
            exchange = self.conversation.begin(operation.request, context)
        except RequestError as error:
            return self.fail(error.counter, now)
        self._operation = operation
        self._ack = exchange.ack
        self.request_started = now
        if exchange.work is not None:
            return self._have_done(exchange.work, now)
        self.state = SENDING
        fresh = exchange.fresh
        if exchange.endpoint is not None:
            fresh = fresh or exchange.endpoint != self.endpoint
            self.endpoint = exchange.endpoint
        if self._is_connected and not fresh:
            send: Step | None = exchange.step
            if send is None:
                send = exchange.step = steps.Send(exchange.data)
            return send
        connect = steps.Connect(self.endpoint, exchange.data, self.connect_timeout)
        if not self._is_connected:
            return connect
        self._note_closed()
        return steps.Disconnect(connect)

    # -- the way on -----------------------------------------------------------

    def _advance(self, now: float) -> Step:
        operations = self.program.operations
        while True:
            position = self.position
            self.position = position + 1
            step = operations[position].run(self, now)
            if step is not None:
                return step

    def _retry(self) -> None:
        """The request at hand is made once more; its page began with the first attempt."""
        self._retries += 1
        self.state = RETRYING
        if self._page_started is None:
            self._page_started = self.request_started

    def _attempt(self, now: float) -> Step:
        """Make the request at hand once more; it is the operation just behind `position`."""
        return self.begin_request(self._operation, now)

    def _heed(self, feedback: Feedback, now: float) -> Step:
        """Act on what the conversation made of received bytes."""
        counters = self.world.recorder.counters
        for counter in feedback.counters:
            counters[counter] += 1
        if feedback.error:
            return self._with_reply(feedback, self.fail(feedback.error, now))
        state = self.state
        is_answer = feedback.complete and (state is WAITING or state is SENDING)
        if is_answer and not (feedback.close or feedback.pushes or feedback.reply):
            return self._complete(now, feedback.answer)  # the way of nearly all
        then: Step = STAY
        if is_answer:
            if feedback.close:  # first: what comes next must find no connection
                self._forget_connection()
                then = steps.Disconnect(self._complete(now, feedback.answer))
            else:
                then = self._complete(now, feedback.answer)
        elif feedback.close:
            then = self._closed_by_protocol(now)
        elif state is WAITING:
            then = self.program.await_answer
        if feedback.pushes:
            then = self._pushed(feedback, then, now)
        return self._with_reply(feedback, then) if feedback.reply else then

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
        if isinstance(feedback, StampedFeedback):
            self.world.note_deliveries(feedback.stamps, now)
        if self.is_bidirectional and not self._awaits_all:
            self.world.recorder.counters["async_unknown_data_rcv"] += feedback.pushes
            if self.state is PARKED and not feedback.complete:
                return self._advance(now)
        elif self.state is THINKING and self._ack is BY_ANSWER and not feedback.complete:
            return self.fail("error_unknown_data", now)
        return then

    def _complete(self, now: float, answer: bytes = b"") -> Step:
        """The request is answered, or needs no answer: record it, look at it and go on."""
        batches = self.world.recorder.batches
        started = self.request_started
        assert started is not None
        self.request_started = None
        elapsed = now - started
        if self._ack is not BY_NOTHING:
            batches["request"].append(elapsed)
        if self._retries and not self.world.quirks:
            self._retries = 0  # Tsung counts retries over the whole session
        operation = self._operation
        if operation.ends_page:
            if self._page_started is not None:
                elapsed = now - self._page_started
                self._page_started = None
            batches["page"].append(elapsed)
        elif self._page_started is None:
            self._page_started = started
        if operation.inspection is not None and self._ack in (BY_ANSWER, BY_FIRST_DATA):
            step = operation.inspection.run(self, answer, now)
            if step is not None:
                return step
        return self._advance(now)
