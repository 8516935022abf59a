"""What a worker does with events: those from the bus, and those that it makes itself.

Must not know connections or frames.
"""

from __future__ import annotations

import logging
from pathlib import Path
from time import time
from typing import Any

import trio

from pytsung.errors import RemoteProtocolError, UsageError
from pytsung_server.counts import Counts
from pytsung_server.directory import CONSOLE
from pytsung_server.directory_file import read_directory
from pytsung_server.event_frames import iso
from pytsung_server.events import Event
from pytsung_server.fanout import Fanout
from pytsung_server.roles import guests, users
from pytsung_server.settings import Settings
from pytsung_server.shared import Shared

INTERVAL = 5.0
"""Seconds between two events of our own; the original's."""

TESTS = "tests"
"""The channel on which guests of the console can see that events arrive at all."""

PROJECT = "project"
"""The channel on which teams see, in the console, how many connections their project has."""

_log = logging.getLogger(__name__)


class WorkerEvents:
    """Takes, makes and delivers the events of one worker."""

    def __init__(self, settings: Settings, shared: Shared, counts: Counts) -> None:
        self._profile = settings.profile
        self._config = settings.config
        self._read_at = _stamp(settings.config)
        self._shared = shared
        self._counts = counts
        self.fanout = Fanout(settings.profile, shared.reactor, counts, shared.index, shared.minter)

    def take(self, message: bytes) -> None:
        """An event came over the bus."""
        self._counts.events += 1
        try:
            event = Event.from_message(message)
        except RemoteProtocolError as error:  # whoever published it has been told
            _log.warning("%s", error)
            return
        if event.permissions_changed and event.user_id is not None:
            self._read_again()
            self._shared.conversation.look_up_again(event.project, event.user_id)
        self.fanout.deliver(event)

    async def run(self) -> None:
        """Publish this worker's own events, until cancelled."""
        while True:
            await trio.sleep(INTERVAL)
            self.tell_tests()
            self.tell_projects()

    def tell_tests(self) -> None:
        """The event for guests of the console who listen to `tests`, if there are any."""
        role = guests(self._profile)
        if self._shared.index.has_listener(CONSOLE, role, TESTS):
            payload = {"response": "WS:/v1/realtime:passed"}
            self._publish("test.event", TESTS, role, payload)

    def tell_projects(self) -> None:
        """Tell a project's team, in the console, how many connections it has.

        Only projects that had a team when the server was started are counted.
        """
        if not self._counts.projects:
            return
        totals = self._counts.publish_projects(self._shared.index.count_by_project())
        if not self._shared.index.has_listener(CONSOLE, users(self._profile), PROJECT):
            return
        projects = self._shared.admission.directory.projects
        for name, total in totals.items():
            if name in projects and projects[name].team:
                role = f"team:{projects[name].team}"
                self._publish("stats.connections", PROJECT, role, {name: total})

    def _publish(self, name: str, channel: str, role: str, payload: dict[str, Any]) -> None:
        """Deliver an event of the console's to this worker's clients."""
        event = Event(
            project=CONSOLE,
            channels=(channel,),
            roles=(role,),
            names=(name,),
            timestamp=iso(time()),
            payload=payload,
        )
        self.fanout.deliver(event)

    def _read_again(self) -> None:
        """Read the file of projects and users again, if it has changed."""
        stamp = _stamp(self._config)
        if self._config is None or stamp == self._read_at:
            return
        self._read_at = stamp
        try:
            self._shared.replace_directory(read_directory(self._config))
        except UsageError as error:
            _log.warning("%s; the projects and users stay as they were", error)


def _stamp(config: str | None) -> tuple[int, int] | None:
    """What changes when a file does; None when there is no file."""
    if config is None:
        return None
    try:
        status = Path(config).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
