"""What can go wrong, as a small tree; it must know nothing of the rest of the package.

    PytsungError
    ├── UsageError              the command line asks for something impossible
    ├── ConfigurationError      the configuration has faults; carries all of them
    ├── LogDirectoryError       the log directory cannot be made or written
    ├── AgentError              an agent could not be started, or broke its contract
    └── ProtocolError           somebody broke the rules of a protocol
        ├── LocalProtocolError      we would have
        └── RemoteProtocolError     the peer did

A message has three parts: where, what, and the cure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ExitStatus(enum.IntEnum):
    """Exit statuses of the `pytsung` command; the first that applies wins."""

    OK = 0  # the test ran and its result is `clean` or `degraded`
    INTERNAL_ERROR = 1  # a bug in pytsung
    USAGE = 2  # the command line or the configuration cannot be run
    INVALID = 3  # the test ran and its result cannot be believed
    NO_AGENT = 4  # no agent could be started, or the log directory cannot be written
    THRESHOLD_CROSSED = 99  # a --threshold was crossed
    INTERRUPTED = 130  # stopped by SIGINT
    TERMINATED = 143  # stopped by SIGTERM


class PytsungError(Exception):
    """Base of every error that pytsung raises on purpose."""

    exit_status = ExitStatus.INTERNAL_ERROR


class UsageError(PytsungError):
    """The command line asks for something that cannot be done."""

    exit_status = ExitStatus.USAGE


class LogDirectoryError(PytsungError):
    """The log directory cannot be made, or cannot be written any more."""

    exit_status = ExitStatus.NO_AGENT


class AgentError(PytsungError):
    """An agent could not be started, or did not keep to what was agreed."""

    exit_status = ExitStatus.NO_AGENT


class ProtocolError(PytsungError):
    """The rules of a protocol were broken."""


class LocalProtocolError(ProtocolError):
    """What we were asked to send would break the protocol's rules."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol's rules.

    `close_code` is the code that the protocol wants the peer told, if it has one.
    """

    def __init__(self, message: str, close_code: int | None = None) -> None:
        super().__init__(message)
        self.close_code = close_code


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a configuration something stands; lines and columns count from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`bench.xml:14`, or `bench.xml:14:7` where the column is known."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong (or worth a warning) in a configuration."""

    place: Place
    text: str
    cure: str = ""

    def __str__(self) -> str:
        """`place: text; cure`."""
        return (
            f"{self.place}: {self.text}; {self.cure}" if self.cure else f"{self.place}: {self.text}"
        )


class ConfigurationError(PytsungError):
    """A configuration cannot be run; `faults` holds every reason, in file order."""

    exit_status = ExitStatus.USAGE

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
