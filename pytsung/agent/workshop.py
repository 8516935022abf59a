"""Where the users of a worker have things done on its host: files and commands.

The reactor waits for neither. Operations on files block, perhaps for long (a disk, a
network's file system), so each goes to one of a few threads; a command is a child
process, watched by the reactor. What a user has under way ends with the user, and
everything with the run. Must not know sessions.
"""

from __future__ import annotations

import contextlib
from time import monotonic
from typing import Protocol

import trio

from pytsung.agent.commands import Command
from pytsung.agent.dialer import error_name
from pytsung.agent.files import Desk, do_file_task
from pytsung.protocols.local import CommandTask, FileTask, LocalWork, Outcome, WorkResult
from pytsung.reactor.reactor import Reactor
from pytsung.user.steps import Step

THREADS = 40
"""Operations on files at once in a worker; others wait for their turn."""


CLOSING = 1.0
"""Seconds that a forgotten file has to be closed, when the run ends."""


class Asker(Protocol):
    """The virtual user behind a client."""

    request_started: float | None

    def worked(self, result: WorkResult, now: float) -> Step:
        """What was to be done is done."""
        ...


class Client(Protocol):
    """A live user, who has one thing done at a time."""

    @property
    def user(self) -> Asker:
        """The virtual user."""
        ...

    def perform(self, step: Step | None) -> None:
        """Carry out what it does next."""
        ...


class Workshop:
    """Has things done, as long as the given nursery is there."""

    def __init__(self, reactor: Reactor, nursery: trio.Nursery) -> None:
        self._reactor = reactor
        self._nursery = nursery
        self._limiter = trio.CapacityLimiter(THREADS)
        self._commands: dict[Client, Command] = {}
        self._desks: dict[Client, Desk] = {}
        self._alive: set[Command] = set()  # those abandoned, and those that left something, too
        nursery.start_soon(self._close_at_the_end)

    def begin(self, client: Client, work: LocalWork) -> None:
        """Have something done; the client is told what came of it."""
        if isinstance(work.task, CommandTask):
            self._run(client, work, work.task)
            return
        desk = self._desks.setdefault(client, Desk())
        desk.is_busy = True
        self._nursery.start_soon(self._handle_file, client, work, work.task, desk)

    def abandon(self, client: Client) -> None:
        """Nobody waits any more: end the client's command, close its file."""
        command = self._commands.pop(client, None)
        if command is not None:
            command.kill()
        desk = self._desks.pop(client, None)
        if desk is not None:
            desk.is_over = True
            if not desk.is_busy and desk.descriptor is not None:
                self._nursery.start_soon(self._clear, desk)

    # -- files ------------------------------------------------------------------

    async def _handle_file(
        self, client: Client, work: LocalWork, task: FileTask, desk: Desk
    ) -> None:
        def handle() -> tuple[Outcome, float, float]:
            started = monotonic()
            return do_file_task(task, desk), started, monotonic()

        # Should the run end first, the thread is left to itself, and ends with the process.
        outcome, started, ended = await trio.to_thread.run_sync(
            handle, limiter=self._limiter, abandon_on_cancel=True
        )
        desk.is_busy = False
        if desk.is_over:
            await self._clear(desk)
        else:
            self._tell(client, work, outcome, started, ended)

    async def _clear(self, desk: Desk) -> None:
        """Close a file; that can block as well, though not beyond the end of the run."""
        with trio.move_on_after(CLOSING) as limit, contextlib.suppress(OSError):
            limit.shield = True
            await trio.to_thread.run_sync(desk.close, abandon_on_cancel=True)

    # -- commands -----------------------------------------------------------------

    def _run(self, client: Client, work: LocalWork, task: CommandTask) -> None:
        started = monotonic()

        def ended(command: Command, outcome: Outcome) -> None:
            if not command.has_left_something():
                self._alive.discard(command)
            if self._commands.get(client) is command:
                del self._commands[client]
                self._tell(client, work, outcome, started, self._reactor.now)

        try:
            command = Command(task, self._reactor, ended)
        except OSError as error:
            reason = error_name(error)
        except ValueError:  # a zero byte, out of a variable
            reason = "einval"
        else:
            self._commands[client] = command
            self._alive.add(command)
            return
        self._tell(client, work, Outcome(reason), started, monotonic())

    def _tell(
        self, client: Client, work: LocalWork, outcome: Outcome, started: float, ended: float
    ) -> None:
        """Tell what came of it. The time that it waited for its turn is ours, not its."""
        client.user.request_started = started
        client.perform(client.user.worked(work.finish(outcome), ended))

    async def _close_at_the_end(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            for command in self._alive:
                command.kill()
            for command in self._alive:
                command.reap()
