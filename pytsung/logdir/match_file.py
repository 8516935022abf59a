"""Tsung's `match.log`, and the answers that matches dump beside it.

Must not know what was matched, nor why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytsung.control.records import MatchEvent
from pytsung.errors import LogDirectoryError
from pytsung.logdir.entries import EntryFile

HEADER = "# timestamp userid sessionid requestid event transaction name\n"


class MatchFile:
    """Always made, whether anything matches or not. Raises LogDirectoryError as `EntryFile`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._dumps = 0
        self._file = EntryFile(directory / "match.log")
        self._file.write(HEADER)

    def write(self, events: Sequence[MatchEvent], origin: float) -> None:
        """Append events, whose times count from `origin` (Unix time), and write their dumps."""
        self._file.write("".join(_line(event, origin) for event in events))
        for event in events:
            if event.answer is not None:
                self._dump(event, event.answer)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _dump(self, event: MatchEvent, answer: bytes) -> None:
        self._dumps += 1
        name = f"match-{event.user}-{event.session}-{event.slot}-{self._dumps}.dump"
        try:
            (self._directory / name).write_bytes(answer)
        except OSError as error:
            reason = error.strerror or str(error)
            raise LogDirectoryError(
                f"{self._directory / name}: cannot be written: {reason}; free some space there"
            ) from error


def _line(event: MatchEvent, origin: float) -> str:
    """One line; a name with blanks in it keeps them, as in Tsung."""
    columns = (event.user, event.session, event.slot, event.event, event.transaction, event.name)
    return f"{origin + event.at:.6f} {' '.join(map(str, columns))}\n"
