"""A shell's command as a child process that nobody waits for: the reactor watches it.

Its output, errors among it, is read as it comes and kept up to a bound; its end shows on
a pidfd (Linux 5.3). It leads a process group of its own, so that it can be ended with
all that it has started. Must not know users.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

from pytsung.protocols.local import CommandTask, Outcome
from pytsung.reactor.reactor import READ, Reactor

MOST_OUTPUT = 2**20
"""Bytes of output that are kept for matches and variables; all of them are counted."""

READ_SIZE = 65536
"""As much as a pipe holds, unless somebody made it larger."""

REAPING = 1.0
"""Seconds that a killed process has to be gone, when the run ends."""


class Command:
    """One command, from its start to its end; a handler of the reactor for its output.

    `ended` is called once, when the shell has ended. What it left running in the
    background goes on until `kill`, and writes to nobody. Starting takes a millisecond.
    Raises OSError when it cannot be started.
    """

    __slots__ = ("_ended", "_exit", "_outcome", "_output", "_process", "_reactor", "_task")

    def __init__(
        self, task: CommandTask, reactor: Reactor, ended: Callable[[Command, Outcome], None]
    ) -> None:
        self._task = task
        self._reactor = reactor
        self._ended = ended
        self._outcome = Outcome()
        self._output, into = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(into, True)  # the command's end: it expects an ordinary pipe
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", task.command],
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=into,
                close_fds=False,  # ours close by themselves; looking for 20,000 takes long
                start_new_session=True,
            )
            self._exit = self._watch_exit()
        except OSError:
            os.close(self._output)
            raise
        finally:
            os.close(into)
        reactor.register(self._output, self, READ)
        reactor.register(self._exit.descriptor, self._exit, READ)

    def _watch_exit(self) -> _Exit:
        try:
            return _Exit(self, os.pidfd_open(self._process.pid))
        except OSError:  # no such call, or no descriptor left
            self.kill()
            self._process.wait()
            raise

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - an end is read, too
        """Take output."""
        if self._read() == b"":
            self._stop_reading()

    def exited(self) -> None:
        """The shell is gone. What is still in the pipe is its own; what comes later is not."""
        if self._output >= 0:
            self._read()
            self._stop_reading()
        self._reactor.close(self._exit.descriptor)
        self._outcome.status = self._process.wait()
        self._ended(self, self._outcome)

    def has_left_something(self) -> bool:
        """Whether processes of its group are still there, in the background."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 0)
            return True
        return False

    def kill(self) -> None:
        """End it with all that it has started; `ended` is still called."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait for it, after `kill`, where no reactor runs any more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(REAPING)

    def _read(self) -> bytes | None:
        """What could be read at once; None if nothing, empty at the end."""
        try:
            data = os.read(self._output, READ_SIZE)
        except BlockingIOError:
            return None
        self._outcome.count += len(data)
        room = MOST_OUTPUT - len(self._outcome.output)
        if self._task.keep_output and room > 0:
            self._outcome.output += data[:room]
        return data

    def _stop_reading(self) -> None:
        self._reactor.close(self._output)
        self._output = -1


class _Exit:
    """Tells a command that its process has ended; a handler of the reactor."""

    __slots__ = ("_command", "descriptor")

    def __init__(self, command: Command, descriptor: int) -> None:
        self._command = command
        self.descriptor = descriptor

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a pidfd has but one
        """The process has ended."""
        self._command.exited()
