"""`intervals.jsonl` and `events.jsonl`: a run as it happened, one JSON object a line.

Each line is flushed as it is written, so that the journals of a killed run can be
read; its last line may be cut off. Must not know what reports make of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytsung.errors import LogDirectoryError
from pytsung.logdir.entries import EntryFile
from pytsung.logdir.interval_codec import interval_from_plain, interval_to_plain
from pytsung.stats import Interval

INTERVALS = "intervals.jsonl"
EVENTS = "events.jsonl"


@dataclass(frozen=True, slots=True)
class IntervalEntry:
    """One second of a run: all agents together, and each by its host name.

    `at` is the Unix time of the second's end.
    """

    at: float
    merged: Interval
    agents: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at` (Unix time); what it was decides which fields it has."""

    at: float
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """Appends objects to a file, a line each. Raises LogDirectoryError when it cannot."""

    def __init__(self, path: Path) -> None:
        self._file = EntryFile(path)

    def interval(self, entry: IntervalEntry) -> None:
        """Write an interval. An agent that is alone is written as null: it equals the sum."""
        alone = len(entry.agents) == 1
        agents = {
            name: None if alone and interval == entry.merged else interval_to_plain(interval)
            for name, interval in entry.agents.items()
        }
        merged = interval_to_plain(entry.merged)
        self._write(
            {"index": entry.merged.index, "at": entry.at, "merged": merged, "agents": agents}
        )

    def event(self, event: Event) -> None:
        """Write an event."""
        self._write({"at": event.at, "event": event.kind, **event.fields})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, separators=(",", ":"), allow_nan=False)
        self._file.write(text + "\n")


def read_intervals(path: Path) -> Iterator[IntervalEntry]:
    """The intervals of a run, as they were written. Raises LogDirectoryError for other files."""
    for number, line in _read_lines(path):
        try:
            merged = interval_from_plain(line["merged"])
            agents = {
                name: merged if plain is None else interval_from_plain(plain)
                for name, plain in line["agents"].items()
            }
            entry = IntervalEntry(line["at"], merged, agents)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise _not_ours(path, number) from error
        yield entry


def read_events(path: Path) -> Iterator[Event]:
    """The events of a run, as they were written. Raises LogDirectoryError for other files."""
    for number, line in _read_lines(path):
        try:
            event = Event(line.pop("at"), line.pop("event"), line)
        except (KeyError, AttributeError) as error:
            raise _not_ours(path, number) from error
        yield event


def _read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Each line's object with its number; what follows the last line feed was cut off."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith("\n"):
                    return
                try:
                    value = json.loads(line)
                except ValueError as error:
                    raise _not_ours(path, number) from error
                yield number, value
    except (OSError, UnicodeDecodeError) as error:
        raise LogDirectoryError(
            f"{path}: cannot be read: {error}; name the log directory of a run"
        ) from error


def _not_ours(path: Path, number: int) -> LogDirectoryError:
    return LogDirectoryError(
        f"{path}:{number}: not a line that pytsung wrote; remove it to read the others"
    )
