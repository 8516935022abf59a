"""All files of a run behind one object: the controller feeds it, everything else reads.

Says which file gets what. Must not know how the figures came about.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from pytsung.control.records import Exchanges, MatchEvent, Traffic
from pytsung.errors import LogDirectoryError
from pytsung.logdir.controller_log import ControllerLog
from pytsung.logdir.dump_files import DumpFiles
from pytsung.logdir.fullstats_log import FullstatsLog
from pytsung.logdir.journal import EVENTS, INTERVALS, Event, IntervalEntry, Journal
from pytsung.logdir.line_protocol import Lines
from pytsung.logdir.match_file import MatchFile
from pytsung.logdir.summary import RunSummary, write_summary
from pytsung.logdir.tsung_log import TsungLog
from pytsung.plan import Dump
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.readings import Reading, ReadingKind

TSUNG_LOG = Path("tsung.log")


class RunLog:
    """The log directory of a run, open for writing from its first second to its end.

    Every entry is in its file when a method returns. The first one that cannot be
    written (a full disk) raises LogDirectoryError; after it, all others are quietly
    left out, so that the run can be ended in order and what is there stays readable.

    Args:
        directory: an existing, writable directory (`create_log_directory`).
        host: the controller's host name, as Tsung's file and metric names carry it.
        statistics: `tsung.log`'s path, relative to the directory, or a stream (`-m -`).
        log_level: entries of the controller log above this level are left out.
        backend: form of the statistics, in Tsung's words: `text`, `json`, …
        dump: what goes into `tsung.dump`.
        lines: gets every second in InfluxDB's line protocol, too; closed with the others.
        clock: gives Unix time, for the entries of the controller log.

    Raises:
        LogDirectoryError: a file cannot be opened, or (from any method, once) written.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str,
        statistics: Path | TextIO = TSUNG_LOG,
        log_level: int = 5,
        backend: str = "text",
        dump: Dump = Dump.NOTHING,
        lines: Lines | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self.values: dict[str, SampleSummary] = {}
        self._host = host
        self._clock = clock
        self._failed = False
        with contextlib.ExitStack() as opened:
            self._controller_log = ControllerLog(directory, host, log_level)
            opened.callback(self._controller_log.close)
            self._intervals = Journal(directory / INTERVALS)
            opened.callback(self._intervals.close)
            self._events = Journal(directory / EVENTS)
            opened.callback(self._events.close)
            if isinstance(statistics, Path):
                statistics = directory / statistics
            self._tsung_log = TsungLog(statistics, backend)
            opened.callback(self._tsung_log.close)
            self._fullstats: FullstatsLog | None = None
            if backend == "fullstats":
                self._fullstats = FullstatsLog(directory)
                opened.callback(self._fullstats.close)
            self._lines = lines
            if lines is not None:
                opened.callback(lines.close)
            self._dump: DumpFiles | None = None
            if dump is not Dump.NOTHING:
                self._dump = DumpFiles(directory, dump)
                opened.callback(self._dump.close)
            self._matches = MatchFile(directory)
            opened.callback(self._matches.close)
            self._files = opened.pop_all()

    def save_configuration(self, name: str, document: bytes) -> None:
        """Keep the configuration beside its results, as it was run."""
        self._write(lambda: _write_whole(self.directory / Path(name).name, document))

    def interval(self, merged: Interval, by_agent: Mapping[str, Interval], at: float) -> None:
        """Write a second of the run, which ended at `at` (Unix time)."""
        self._write(lambda: self._intervals.interval(IntervalEntry(at, merged, by_agent)))
        self._write(lambda: self._tsung_log.add(merged, at))
        fullstats, lines = self._fullstats, self._lines
        if fullstats is not None:
            self._write(lambda: fullstats.interval(merged))
        if lines is not None:
            self._write(lambda: lines.interval(merged, at))

    def host(self, name: str, cpu: float, free_memory: float, load: float) -> None:
        """Note how a host is doing: percent of its processors, megabytes, 1-minute average.

        They appear under Tsung's names in `tsung.log` and in `values`, which a
        summary can show. The controller's own host is `tsung_controller@HOST`.
        """
        node = f"tsung_controller@{name}" if name == self._host else f"os_mon@{name}"
        metrics = (("cpu", cpu), ("freemem", free_memory), ("load", load))
        self.readings([Reading(metric, node, value) for metric, value in metrics])

    def readings(self, readings: Sequence[Reading]) -> None:
        """Note figures of hosts, as `host` does."""
        for one in readings:
            if one.kind is ReadingKind.SUM:
                self._tsung_log.host_sum(one.name, one.value)
            else:
                self._tsung_log.host(one.name, one.value)
            self.values.setdefault(one.name, SampleSummary()).merge(SampleSummary.of([one.value]))
        fullstats = self._fullstats
        if fullstats is not None and readings:
            self._write(lambda: fullstats.hosts(readings))

    def event(self, kind: str, at: float, **fields: Any) -> None:
        """Write to `events.jsonl` what happened at `at` (Unix time)."""
        self._write(lambda: self._events.event(Event(at, kind, fields)))

    def note(self, level: int, source: str, text: str) -> None:
        """Write a line of the controller log, now; `source` says which part speaks."""
        self._write(lambda: self._controller_log.note(self._clock(), level, source, text))

    def matches(self, events: Sequence[MatchEvent], origin: float) -> None:
        """Write matches; their times count from `origin` (Unix time)."""
        self._write(lambda: self._matches.write(events, origin))

    def dump(self, agent: int, batch: Traffic | Exchanges, origin: float) -> None:
        """Write what users of an agent (from 1) did; times count from `origin` (Unix time)."""
        files = self._dump
        if files is None:
            return
        if isinstance(batch, Traffic):
            self._write(lambda: files.traffic(batch.events, origin))
        else:
            self._write(lambda: files.exchanges(agent, batch.exchanges, origin))

    def finish(self, summary: RunSummary, at: float) -> None:
        """Write the last block and, last of all, the summary; `at` is Unix time.

        The summary is tried even after a failure: it is small, and worth most.
        """
        try:
            self._write(lambda: self._tsung_log.finish(at))
        finally:
            self._write(lambda: write_summary(self.directory, summary), anyway=True)
            self.close()

    def close(self) -> None:
        """Close all files as they are; harmless when that was done before."""
        self._files.close()

    def _write(self, write: Callable[[], None], *, anyway: bool = False) -> None:
        if self._failed and not anyway:
            return
        try:
            write()
        except LogDirectoryError:
            is_first, self._failed = not self._failed, True
            if is_first:
                raise


def _write_whole(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise LogDirectoryError(
            f"{path}: cannot be written: {error.strerror or error}; free some space there"
        ) from error
