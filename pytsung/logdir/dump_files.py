"""`tsung.dump`: what each user sent and received, or a line for each exchange.

Tsung's four forms (`dumptraffic`), character by character. Nothing is escaped in
them: data may hold line feeds, and a `;` in an address shifts the columns after it.
Must not know how the entries got here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytsung.control.records import Exchange, TrafficEvent, TrafficKind
from pytsung.logdir.entries import EntryFile
from pytsung.plan import Dump

DUMP = "tsung.dump"
HEADER = "#date;pid;id;http method;host;URL;HTTP status;size;duration;transaction;match;error;tag\n"

_LIGHT = 44  # characters of data in a line of the light form, no more and no less
_MILLISECONDS = 1000.0


class DumpFiles:
    """Writes entries as they come. Raises LogDirectoryError when it cannot.

    Each agent has a file of its own under `protocol_local`; Tsung leaves it on the
    agent's machine, here it comes to the others.
    """

    def __init__(self, directory: Path, dump: Dump) -> None:
        self._directory = directory
        self._dump = dump
        self._running = 0
        self._file = EntryFile(directory / DUMP)
        self._by_agent: dict[int, EntryFile] = {}
        if dump is Dump.PROTOCOL:
            self._file.write(HEADER.encode())

    def traffic(self, events: Sequence[TrafficEvent], origin: float) -> None:
        """Append what users did; times count from `origin` (Unix time)."""
        self._file.write(b"".join(self._event_line(event, origin) for event in events))

    def exchanges(self, agent: int, exchanges: Sequence[Exchange], origin: float) -> None:
        """Append exchanges of users of one agent, which counts from 1."""
        file = self._file
        if self._dump is Dump.PROTOCOL_LOCAL:
            if agent not in self._by_agent:
                self._by_agent[agent] = EntryFile(self._directory / f"tsung-{agent}.dump")
            file = self._by_agent[agent]
        file.write("".join(_exchange_line(each, origin) for each in exchanges).encode())

    def close(self) -> None:
        """Close the files."""
        for file in (self._file, *self._by_agent.values()):
            file.close()

    def _event_line(self, event: TrafficEvent, origin: float) -> bytes:
        at = _format_time(origin + event.at)
        if event.kind is TrafficKind.STARTED:
            self._running += 1
            return f"NewClient:{at}:{event.session}\nload:{self._running}\n".encode()
        if event.kind is TrafficKind.ENDED:
            self._running -= 1
            return f"EndClient:{at}:{event.user}\nload:{self._running}\n".encode()
        data = event.data
        if self._dump is Dump.LIGHT:
            data = f"{data[:_LIGHT]:<{_LIGHT}}"
        word = "Send" if event.kind is TrafficKind.SENT else "Recv"
        return f"{word}:{at}:{_process(event.user)}:{data}\n".encode("latin-1")


def _exchange_line(exchange: Exchange, origin: float) -> str:
    """A line of the protocol form."""
    columns = (
        _format_time(origin + exchange.at),
        _process(exchange.user),
        str(exchange.user),
        exchange.method,
        exchange.host,
        exchange.url,
        exchange.status,
        str(exchange.size),
        f"{exchange.duration * _MILLISECONDS:.3f}",
        exchange.transaction or "-",
        exchange.match,
        exchange.error,
        exchange.tag,
    )
    return ";".join(columns) + "\n"


def _process(user: int) -> str:
    """What stands for a user where Tsung has its Erlang process."""
    return f"<0.{user}.0>"


def _format_time(at: float) -> str:
    """Unix time to the microsecond, without zeros at its end, but for the first decimal."""
    text = f"{at:.6f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
