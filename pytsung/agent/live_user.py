"""A virtual user with its socket: carries out steps, brings back facts.

The only place where a `VirtualUser` meets a descriptor. There is one for each
user, very many in a process, so it is slotted, holds its descriptor as a number,
and has no buffer while nothing is half sent. A layer (TLS, WebSocket, datagrams) lies
between the two when the endpoint is no plain stream. Decides nothing: what to do
comes from the user.
"""

from __future__ import annotations

import errno
import os
from time import monotonic

from pytsung.agent.detours import NO_DESCRIPTOR, DetouringUser
from pytsung.agent.dialer import DATAGRAM, STREAM, error_name
from pytsung.agent.resolver import Address
from pytsung.agent.surroundings import CertificateError, Surroundings
from pytsung.plan import Transport
from pytsung.reactor.calendar import NEVER
from pytsung.reactor.reactor import READ, WRITE
from pytsung.user.state import SENDING
from pytsung.user.steps import (
    STAY,
    AbortTest,
    Await,
    Connect,
    Disconnect,
    End,
    Reply,
    Send,
    Step,
    Think,
)
from pytsung.user.virtual_user import VirtualUser

READ_SIZE = 65536
"""Bytes read at once; a longer answer makes the descriptor ready again."""

TCP = Transport.TCP
UDP = Transport.UDP

CLOSED = (errno.EPIPE, errno.ECONNRESET)
"""What the kernel says of a connection that the peer has closed."""


class LiveUser(DetouringUser):
    """One user in its surroundings; a handler and a timer of its reactor."""

    __slots__ = ()

    def __init__(self, user: VirtualUser, surroundings: Surroundings) -> None:
        self.user = user
        self.surroundings = surroundings
        self.deadline = NEVER
        self.bucket = None
        self.descriptor = NO_DESCRIPTOR
        self._mask = 0  # events the reactor watches for; 0: not registered
        self._opening = None  # until the connection is established
        self._outgoing = None  # what the socket did not take yet
        self._sending = None  # size of the request in `_outgoing`, if one is
        self._layer = None  # between socket and conversation
        self._tls_session = None

    # -- what the reactor and the crowd tell ----------------------------------

    def start(self, now: float) -> None:
        """Begin the session."""
        self.perform(self.user.start(now))

    def on_timer(self) -> None:
        """The time asked for has passed."""
        if self._opening is not None:
            self._close()
            self.perform(self.user.connect_failed("timeout", monotonic()))
        elif self._layer is not None and not self._layer.is_open:
            self._close()
            self.perform(self.user.send_failed("timeout", monotonic()))
        elif not self.surroundings.is_stopping:
            self.perform(self.user.woke(monotonic()))

    def on_ready(self, events: int) -> None:
        """The socket can be read or written, or has failed."""
        if events == READ and self._opening is None:
            self._read()
            return
        if self._outgoing is not None and events & ~READ:
            self.perform(self._flush())
        is_connecting = self._opening is not None and self._layer is None
        if events & ~WRITE and self.descriptor != NO_DESCRIPTOR and not is_connecting:
            self._read()

    def abandon(self) -> None:
        """The test is over. The process ends next, and its connections with it."""
        self.user.abandon()
        self._leave_workshop()

    # -- steps ----------------------------------------------------------------

    def perform(self, step: Step | None) -> None:
        """Carry out steps until one has to wait for the world."""
        reactor = self.surroundings.reactor
        while step is not None:
            # By identity, the frequent ones first: this is where all users pass.
            if type(step) is Await:
                reactor.expect_before(self, reactor.now + step.timeout)
                return
            if type(step) is Send:
                step = self._send(step.data)
            elif type(step) is Connect:
                step = self._connect(step)
            elif type(step) is Think:
                reactor.wake_at(self, monotonic() + step.seconds)
                return
            elif type(step) is Disconnect:
                self._close()
                step = step.then
            elif type(step) is Reply:
                step = self._reply(step)
            elif isinstance(step, End | AbortTest):
                self._close()
                self.deadline = NEVER
                self.surroundings.close_stored(self)
                self.surroundings.user_ended(aborts_test=isinstance(step, AbortTest))
                return
            else:
                step = self._perform_rare(step)

    def _connect(self, step: Connect) -> Step | None:
        surroundings = self.surroundings
        if surroundings.is_stopping:
            self.user.halt()
            return None
        self.deadline = NEVER
        self.user.request_started = now = monotonic()
        address = surroundings.resolver.latest(step.endpoint, now)
        if address is None:
            address = surroundings.resolver.find(step.endpoint, lambda: self.perform(step))
        if address is None:
            return None
        if not isinstance(address, Address):
            return self.user.connect_failed(address, now)
        if step.endpoint.transport is not TCP:
            return self._connect_layered(step, address, now)
        try:
            self.descriptor = surroundings.dialer.dial(address, self.user.program.session.options)
        except OSError as error:
            return self.user.connect_failed(error_name(error), now)
        # Often established already: on a near network the first write goes through.
        at = monotonic()
        try:
            written = os.write(self.descriptor, step.data)
        except BlockingIOError:
            self._await_connection(step, now)
            return None
        except OSError as error:
            self._opening, self._sending = step, len(step.data)
            return self._write_failed(error)
        surroundings.reactor.register(self.descriptor, self, READ)
        self._mask = READ
        if written == len(step.data):
            return self.user.connected_and_sent(written, at)
        self.user.connected(at)
        self._sending = len(step.data)
        self._outgoing = step.data[written:]
        self._watch(READ | WRITE)
        self._limit_writing()
        return None

    def _await_connection(self, step: Connect, now: float) -> None:
        """Be told when the connection stands, or cannot; or when that takes too long."""
        self._opening = step
        self._outgoing = step.data
        self._sending = len(step.data)
        self._watch(READ | WRITE)
        if step.timeout is not None:
            self.surroundings.reactor.wake_at(self, now + step.timeout)

    def _connect_layered(self, step: Connect, address: Address, now: float) -> Step | None:
        """As `_connect`, where TLS, WebSocket or datagrams lie between."""
        surroundings = self.surroundings
        kind = DATAGRAM if step.endpoint.transport is UDP else STREAM
        options = self.user.program.session.options
        try:
            self.descriptor = surroundings.dialer.dial(address, options, kind)
        except OSError as error:
            return self.user.connect_failed(error_name(error), now)
        self._opening = step
        if step.timeout is not None:
            surroundings.reactor.wake_at(self, now + step.timeout)
        self._sending = len(step.data)
        try:
            self._layer = self._new_layer(step)
        except CertificateError:
            self._close()
            return self.user.connect_failed("tls_certificate", now)
        self._outgoing = self._layer.take()
        return self._flush()

    def _send(self, data: bytes) -> Step | None:
        if self.surroundings.is_stopping:
            self.user.halt()
            return None
        self.user.request_started = at = monotonic()
        if self._outgoing is None and self._layer is None:
            try:
                written = os.write(self.descriptor, data)
            except BlockingIOError:
                written = 0
            except OSError as error:
                self._sending = len(data)
                return self._write_failed(error)
            if written == len(data):
                return self.user.sent(written, at)
            self._sending = len(data)
            self._outgoing = data[written:]
            self._watch(READ | WRITE)
            self._limit_writing()
            return None
        # A request may still be on its way: the one before, if it was answered early.
        self._sending = (self._sending or 0) + len(data)
        if self._layer is not None:
            data = self._through(self._layer, data)
        self._outgoing = data if self._outgoing is None else self._outgoing + data
        return self._flush()

    def _reply(self, step: Reply) -> Step:
        """Send beside what is awaited; should that fail, reading will tell."""
        if self.descriptor != NO_DESCRIPTOR:
            self.user.world.recorder.bytes_sent += len(step.data)
            data = step.data
            if self._layer is not None:
                data = self._through(self._layer, data)
            self._outgoing = (self._outgoing or b"") + data
            # That may also end a request, well or badly; an answered one has gone on already.
            outcome = self._flush()
            if outcome is not None and outcome is not STAY:
                return outcome
        return step.then

    # -- the socket -----------------------------------------------------------

    def _watch(self, mask: int) -> None:
        """Be told of these events from now on; 0: of none, not even the peer's end."""
        if mask != self._mask:
            if not mask:
                self.surroundings.reactor.unregister(self.descriptor)
            elif self._mask:
                self.surroundings.reactor.modify(self.descriptor, mask)
            else:
                self.surroundings.reactor.register(self.descriptor, self, mask)
            self._mask = mask

    def _flush(self) -> Step | None:
        """Write what is outgoing; a step when the request at hand has been sent, or failed."""
        assert self._outgoing is not None
        at = monotonic()
        try:
            written = os.write(self.descriptor, self._outgoing)
        except BlockingIOError:
            self._watch(READ | WRITE)
            self._limit_writing()
            return None
        except OSError as error:
            return self._write_failed(error)
        if self._opening is not None and (self._layer is None or self._layer.established):
            self._established(at)
        if written < len(self._outgoing):
            self._outgoing = self._outgoing[written:]
            self._watch(READ | WRITE)
            self._limit_writing()
            return None
        self._outgoing = None
        self._watch(READ)
        if self._sending is None:
            return None
        if self._layer is not None and not self._layer.is_open:
            self._await_upgrade()
            return None
        size, self._sending = self._sending, None
        return self.user.sent(size, monotonic())

    def _limit_writing(self) -> None:
        """A peer that takes no more of a request has as long as one that gives no answer.

        Tsung's users have no limit here, and wait for ever.
        """
        if self._opening is None and self.user.state is SENDING:
            timeout = self.user.program.await_answer.timeout
            self.surroundings.reactor.expect_before(self, monotonic() + timeout)

    def _established(self, at: float) -> None:
        self._opening = None
        self.deadline = NEVER
        self.user.connected(at)

    def _write_failed(self, error: OSError) -> Step | None:
        layer = self._layer
        if layer is not None and layer.keeps_bounds and error.errno == errno.ECONNREFUSED:
            self._refused(error)  # an earlier datagram was; this one was not sent
            return self._flush()
        self._outgoing = None
        reason = "closed" if error.errno in CLOSED else error_name(error)
        if self._opening is not None:
            if self._stood(reason):
                self._established(monotonic())
            else:
                self._close()
                return self.user.connect_failed(reason, monotonic())
        self._watch(READ)
        if self._sending is None:
            return None
        self._sending = None
        return self.user.send_failed(reason, monotonic())

    def _read(self) -> None:
        now = self.surroundings.reactor.now
        try:
            data = os.read(self.descriptor, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in CLOSED:
                self._read_failed(error, now)
                return
            data = b""  # a reset is seen as a close, as in Tsung
        if self._layer is not None:
            self._read_layer(self._layer, data, now)
        elif data:
            self.perform(self.user.received(data, now))
        else:
            self.perform(self.user.peer_closed(now))

    def _close(self) -> None:
        """Close the connection if there is one; nothing of it is left behind."""
        self._opening = None
        self._outgoing = None
        self._sending = None
        if self.descriptor == NO_DESCRIPTOR:
            self._leave_workshop()
            return
        if self._layer is not None:
            self._close_layer(self._layer)
        descriptor, self.descriptor = self.descriptor, NO_DESCRIPTOR
        if self._mask:
            self._mask = 0
            self.surroundings.reactor.close(descriptor)
        else:
            os.close(descriptor)
