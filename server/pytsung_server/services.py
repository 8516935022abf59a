"""What the parent does beside watching its workers: the bus, Redis, the admin port.

Must not know workers, connections, or how events are delivered.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import trio

from pytsung_server.admin import Admin
from pytsung_server.bus import Bus
from pytsung_server.events import MAX_EVENT_BYTES
from pytsung_server.http import HttpServer
from pytsung_server.ingress import Ingress
from pytsung_server.redis_feed import FeedStatus, follow
from pytsung_server.settings import Settings


class Services:
    """Gets events to the workers; `counts` gives what these have counted.

    `admin` listens for the admin port's clients, if there is to be one.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        counts: Callable[[], dict[str, int]],
        admin: socket.socket | None = None,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._counts = counts
        self._admin = admin
        self._redis = None if settings.redis is None else FeedStatus()
        self._ingress = Ingress(bus.publish, self._redis)

    async def run(self) -> None:
        """Serve until cancelled."""
        settings = self._settings
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._bus.run)
            if settings.redis is not None and self._redis is not None:
                nursery.start_soon(follow, settings.redis, self._ingress.take, self._redis)
            if self._admin is not None:
                nursery.start_soon(self._serve_admin, self._admin)

    async def _serve_admin(self, listener: socket.socket) -> None:
        admin = Admin(self._ingress, self.counts, self._settings.admin_token)
        server = HttpServer(admin.answer, MAX_EVENT_BYTES)
        own = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        await trio.serve_listeners(server.serve, [own])

    def counts(self) -> dict[str, int]:
        """Everything that is counted in all processes of the server, at this moment."""
        counts = self._counts()
        del counts["shared_bytes"]  # only known at the end
        counts["workers"] = self._settings.workers
        counts["max_connections"] = self._settings.max_connections
        counts["published"] = self._bus.published
        counts["lost"] = self._bus.lost
        counts["invalid"] = self._ingress.invalid
        if self._redis is not None:
            counts["redis_subscribed"] = int(self._redis.subscribed)
            counts["redis_losses"] = self._redis.losses
        return counts
