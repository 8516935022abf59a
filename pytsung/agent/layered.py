"""What a live user does where a layer lies between its socket and its conversation.

The half of `LiveUser` that plain TCP never enters; the other half has the socket. Must
not know which layer it is.
"""

from __future__ import annotations

import os
import ssl
from abc import abstractmethod
from time import monotonic

from pytsung.agent.dialer import error_name
from pytsung.agent.layers import Layer
from pytsung.agent.surroundings import Surroundings
from pytsung.agent.tls_names import tls_error_name
from pytsung.agent.websocket_layer import REFUSED
from pytsung.reactor.calendar import Bucket
from pytsung.user.steps import Connect, Step
from pytsung.user.virtual_user import VirtualUser

UPGRADE_TIMEOUT = 30.0
"""Seconds that a server type `websocket` has for its handshake, as in Tsung."""


class LayeredUser:
    """The part of a live user that has a layer; `LiveUser` is the rest."""

    __slots__ = (
        "_layer",
        "_mask",
        "_opening",
        "_outgoing",
        "_tls_session",
        "bucket",
        "deadline",
        "descriptor",
        "surroundings",
        "user",
    )

    user: VirtualUser
    surroundings: Surroundings
    descriptor: int
    deadline: float
    bucket: Bucket | None
    _mask: int
    _opening: Connect | None
    _outgoing: bytes | None
    _layer: Layer | None
    _tls_session: ssl.SSLSession | None

    @abstractmethod
    def perform(self, step: Step | None) -> None:
        """Carry out steps until one has to wait for the world."""

    @abstractmethod
    def on_timer(self) -> None:
        """The time asked for has passed."""

    @abstractmethod
    def _flush(self) -> Step | None:
        """Write what is outgoing."""

    @abstractmethod
    def _established(self, at: float) -> None:
        """The connection stands."""

    @abstractmethod
    def _close(self) -> None:
        """Close the connection."""

    def _new_layer(self, step: Connect) -> Layer:
        user = self.user
        options = user.program.session.options
        layer = self.surroundings.new_layer(
            step.endpoint, options, user.certificate, self._tls_session
        )
        layer.start()
        layer.send(step.data)
        return layer

    def _through(self, layer: Layer, data: bytes) -> bytes:
        """The data as the socket gets it."""
        if layer.keeps_bounds:
            self._outgoing = None  # a datagram that was not even sent is lost, as any may be
        layer.send(data)
        return layer.take()

    def _await_upgrade(self) -> None:
        """The request waits in the layer until the peer has answered its handshake."""
        if self._opening is None:
            self.surroundings.reactor.wake_at(self, monotonic() + UPGRADE_TIMEOUT)

    def _read_failed(self, error: OSError, now: float) -> None:
        if self._layer is not None and self._layer.keeps_bounds and self.user.is_idle:
            self._refused(error)
        else:
            self.perform(self._broken(error_name(error), now))

    def _refused(self, error: OSError) -> None:
        """A datagram did not arrive, and nobody waits for an answer: that ends no user."""
        self.user.world.recorder.count(f"error_inet_{error_name(error)}")

    def _read_layer(self, layer: Layer, data: bytes, now: float) -> None:
        try:
            blocks = layer.blocks(data)
        except ssl.SSLError as error:
            self.perform(self._broken(tls_error_name(error), now))
            return
        if self._opening is not None and layer.established:
            self._established(monotonic())
        outgoing = layer.take()
        if outgoing:
            self._outgoing = (self._outgoing or b"") + outgoing
            self.perform(self._flush())
        for block in blocks:
            if self._layer is layer:
                self.perform(self.user.received(block, now))
        if layer.fault and self._layer is layer:
            self.perform(self._gave_up(layer.fault, now))
        elif layer.closed and self._layer is layer and self._mask:  # else it holds: `_listen` looks
            if self._opening is not None:
                self._close()
                self.perform(self.user.connect_failed("closed", now))
            else:
                self.perform(self.user.peer_closed(now))

    def _gave_up(self, fault: str, now: float) -> Step:
        """A layer is of no more use: the peer refused it, or broke its rules."""
        self._close()
        return self.user.send_failed(fault, now) if fault == REFUSED else self.user.fail(fault, now)

    def _broken(self, reason: str, now: float) -> Step:
        """A fatal TLS alert, ours or the peer's, or what the kernel says of the connection."""
        is_opening = self._opening is not None
        self._close()
        if is_opening:
            return self.user.connect_failed(reason, now)
        return self.user.broken(reason, now)

    def _close_layer(self, layer: Layer) -> None:
        if layer.established and self.user.program.session.options.tls.reuse_sessions:
            self._tls_session = layer.session
        layer.close()
        self._layer = None
        goodbye = layer.take()
        if not goodbye:
            return
        try:
            os.write(self.descriptor, goodbye)
        except OSError:
            return  # the peer is gone, or slow: a goodbye is a courtesy

    def _stood(self, reason: str) -> bool:
        """Whether a connection whose first write failed was established before that."""
        layer = self._layer
        if layer is not None and layer.keeps_bounds:
            return True
        # Only an established connection can be reset: it was, before our first byte.
        return reason == "closed" and (layer is None or layer.established)
