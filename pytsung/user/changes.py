"""The operations that change the user itself, or tell the others something.

Must not know how sessions are written, nor sockets.
"""

from __future__ import annotations

from pytsung.plan import (
    ChangeType,
    Endpoint,
    Interaction,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    Transport,
)
from pytsung.protocols.room import Room
from pytsung.user.player import Player
from pytsung.user.steps import Step

_PORTS = range(1, 65536)


class GoElsewhere:
    """A `change_type`: another target, and another protocol's conversation."""

    __slots__ = ("room", "step")

    def __init__(self, step: ChangeType, room: Room) -> None:
        self.step = step
        self.room = room

    def run(self, user: Player, now: float) -> Step | None:
        port = user.fill(self.step.port).strip()
        number = int(port) if port.isascii() and port.isdigit() else 0
        if number not in _PORTS and self.step.transport is not Transport.LOCAL:
            return user.fail("error_unknown", now)
        host = user.fill(self.step.host).strip()
        endpoint = Endpoint(host, number, self.step.transport, self.step.ipv6)
        return user.go_elsewhere(endpoint, self.room, self.step, now)


class LimitRate:
    """From now on, what is awaited is read no faster than this."""

    __slots__ = ("_limit",)

    def __init__(self, step: SetRateLimit) -> None:
        self._limit = step.limit

    def run(self, user: Player, now: float) -> Step | None:
        user.limit_rate(self._limit, now)
        return None


class LimitConnecting:
    """From now on, connecting may take so long."""

    __slots__ = ("_seconds",)

    def __init__(self, step: SetConnectTimeout) -> None:
        self._seconds = step.seconds

    def run(self, user: Player, now: float) -> Step | None:
        user.limit_connecting(self._seconds)
        return None


class ShowCertificate:
    """Closes the connection; the next ones show another certificate."""

    __slots__ = ("_step",)

    def __init__(self, step: SetCertificate) -> None:
        self._step = step

    def run(self, user: Player, now: float) -> Step | None:
        step = self._step
        filled = SetCertificate(
            certificate=user.fill(step.certificate),
            key=user.fill(step.key),
            password=user.fill(step.password),
            authorities=user.fill(step.authorities),
        )
        return user.show_certificate(filled, now)


class Meet:
    """An `interaction`: notes the time, or records how long ago it was noted."""

    __slots__ = ("_is_send", "_name")

    def __init__(self, step: Interaction) -> None:
        self._name = step.name
        self._is_send = step.is_send

    def run(self, user: Player, now: float) -> Step | None:
        encounters = user.world.encounters
        if self._is_send:
            encounters.note(self._name, now)
            return None
        sent = encounters.last(self._name)
        if sent is not None:
            user.world.recorder.sample(f"tr_{self._name}", max(0.0, now - sent))
        return None


class MeetAll:
    """A `wait_global`: waits until all the others wait too."""

    __slots__ = ()

    def run(self, user: Player, now: float) -> Step | None:
        return user.await_all()
