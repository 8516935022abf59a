"""Everything about `ts_shell` sessions: a request is a command for the agent host's shell.

Must not know how a configuration is found, nor how a command is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pytsung.plan import Request
from pytsung.protocols.local import CommandTask, LocalWork, Outcome, WorkResult
from pytsung.protocols.room import MORE, Element, Exchange, Feedback, Reader, RequestContext
from pytsung.protocols.shell.vocabulary import MARKS, VOCABULARY
from pytsung.protocols.text import to_bytes

NON_ZERO = "shell_nonzero"
"""Counts commands that ended with another status than 0, which Tsung does not look at."""


@dataclass(frozen=True, slots=True)
class CommandRequest(Request):
    """Run `command` with `arguments`, a blank between, as Tsung has it."""

    command: str
    arguments: str = ""


class ShellConversation:
    """Has no state: each command stands alone."""

    __slots__ = ()

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """The command of a request, variables filled in without any quoting."""
        if not isinstance(request, CommandRequest):
            raise TypeError(f"not a request of ts_shell: {request!r}")
        command = f"{context.fill(request.command)} {context.fill(request.arguments)}"
        size = len(to_bytes(command, quirks=context.quirks))
        task = CommandTask(command, keep_output=context.keep_answer)
        return Exchange(b"", work=LocalWork(task, partial(self._finish, size)))

    def _finish(self, size: int, outcome: Outcome) -> WorkResult:
        if outcome.error:
            return WorkResult(counters=(f"error_shell_{outcome.error}",))
        counters = (NON_ZERO,) if outcome.status else ()
        return WorkResult(size, outcome.count, counters, outcome.output)

    def feed(self, data: bytes) -> Feedback:  # noqa: ARG002 - nobody is connected
        """Nothing comes from nobody."""
        return MORE

    def peer_closed(self) -> Feedback:
        """Nobody can close."""
        return MORE

    def disconnected(self) -> None:
        """There was nobody."""


class ShellRoom:
    """The room of `ts_shell`."""

    session_type = "ts_shell"
    element = "shell"
    request_types: tuple[type[Request], ...] = (CommandRequest,)
    bidirectional = False
    vocabulary = VOCABULARY
    marks = MARKS
    needs_no_server = True

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        """The command that a `<shell>` asks for; None after a fault was reported."""
        reader.known(element, VOCABULARY["shell"])
        command = reader.required(element, "cmd")
        arguments = reader.text(element, "args")
        if not substitute and "%%_" in f"{command} {arguments}":
            reader.warn(element, "%%_…%% stays as it stands", "write <request subst='true'>")
        return CommandRequest(command, arguments) if command else None

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        assert isinstance(request, CommandRequest)
        return f"run on the agent host: {request.command} {request.arguments}".rstrip()

    def converse(self) -> ShellConversation:
        """A new user's conversation."""
        return ShellConversation()
