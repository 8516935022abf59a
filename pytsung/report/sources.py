"""Log directories read into records: ours, whole or cut off, and those of real Tsung.

Must not know what is made of a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pytsung.errors import LogDirectoryError
from pytsung.logdir.blocks import Blocks, CounterLine, SampleLine
from pytsung.logdir.journal import INTERVALS
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.summary import (
    SUMMARY,
    ConnectionFigures,
    RunSummary,
    SampleFigures,
    UserFigures,
)
from pytsung.logdir.tsung_reader import read_tsung_log
from pytsung.report.hosts import host_readings
from pytsung.report.our_source import read_ours
from pytsung.report.record import UNJUDGED, RunRecord
from pytsung.report.windows import windows_of_blocks
from pytsung.stats.verdict import Verdict

STATISTICS = "tsung.log"


def read_run(
    directory: Path, statistics: str = STATISTICS, *, width: int | None = None
) -> RunRecord:
    """The run of a log directory, or of a statistics file of Tsung's.

    `width` sets the seconds of a window (Tsung's blocks are what they are).
    Raises LogDirectoryError when neither is there.
    """
    if directory.is_file():
        directory, statistics = directory.parent, directory.name
    if not directory.is_dir():
        raise LogDirectoryError(f"{directory}: no such directory; name the log directory of a run")
    if (directory / INTERVALS).exists() and statistics == STATISTICS:
        return read_ours(directory, width)
    if not (directory / statistics).exists():
        runs = sum(1 for child in directory.iterdir() if (child / STATISTICS).exists())
        cure = f"name one of the {runs} runs below it" if runs else "name the directory of a run"
        raise LogDirectoryError(f"{directory}: neither {SUMMARY} nor {statistics} in it; {cure}")
    return _read_tsungs(directory, directory / statistics)


def read_alike(directories: Sequence[Path]) -> list[RunRecord]:
    """Runs in windows of one width, the widest that any of them needs; to be compared."""
    runs = [read_run(directory) for directory in directories]
    widths = [round(run.windows[0].seconds) if run.windows else 1 for run in runs]
    widest = max(widths)
    return [
        run if width == widest else read_run(directory, width=widest)
        for run, width, directory in zip(runs, widths, directories, strict=True)
    ]


def newest_run(root: Path) -> Path:
    """The log directory of the latest run below `root`. Raises LogDirectoryError without any."""
    runs = [child for child in root.glob("*/") if (child / STATISTICS).exists()]
    runs += [child for child in root.glob("*/") if (child / INTERVALS).exists()]
    if not runs:
        raise LogDirectoryError(f"{root}: no run in it; name a log directory, or its root with -l")
    return max(runs, key=lambda run: (run.stat().st_mtime, run.name))


def _read_tsungs(directory: Path, path: Path) -> RunRecord:
    blocks = read_tsung_log(path)
    windows = windows_of_blocks(blocks)
    configuration = _configuration(directory)
    return RunRecord(
        directory=directory,
        name=directory.resolve().name,
        is_ours=False,
        is_complete=blocks.is_complete,
        started_at=datetime.fromtimestamp(blocks.started).astimezone(),
        summary=_summary(blocks, configuration.name if configuration else path.name),
        windows=windows,
        blocks=blocks,
        hosts=host_readings(blocks),
        configuration=configuration.read_text("utf-8", "replace") if configuration else "",
    )


def _configuration(directory: Path) -> Path | None:
    found = sorted(directory.glob("*.xml"))
    return found[0] if found else None


def _summary(blocks: Blocks, name: str) -> RunSummary:
    """What Tsung's blocks add up to. A time's percentiles stay 0: Tsung has none."""
    last = blocks.blocks[-1].lines if blocks.blocks else {}
    counters = {
        name: round(line.total) for name, line in last.items() if isinstance(line, CounterLine)
    }
    users = counters.pop("users", 0)
    started = counters.pop("users_count", 0)
    finished = counters.pop("finish_users_count", 0)
    counters.pop("connected", None)
    samples = _totals(blocks)
    duration = blocks.blocks[-1].at - blocks.started if blocks.blocks else 0.0
    reasons = () if blocks.is_complete else ("the log was cut off: the end of the run is missing",)
    phases = (round(counters.get("newphase", 0)) or 0) + 1
    return RunSummary(
        verdict=Verdict(UNJUDGED, reasons),
        plan=PlanFigures(f"{name}, run by Tsung", name, started, phases, 0.0, 0, 0, ()),
        started_at=datetime.fromtimestamp(blocks.started).astimezone().isoformat(),
        duration=duration,
        users=UserFigures(started, finished, started - finished, users),
        connections=ConnectionFigures(
            opened=samples["connect"].count if "connect" in samples else 0,
            peak=round(max((b.counter("connected").total for b in blocks.blocks), default=0)),
        ),
        samples=samples,
        counters=counters,
    )


def _totals(blocks: Blocks) -> dict[str, SampleFigures]:
    joined: dict[str, SampleLine] = {}
    for block in blocks.blocks:
        for name, line in block.lines.items():
            if isinstance(line, SampleLine) and not name.startswith("{"):
                joined[name] = joined[name].joined(line) if name in joined else line
    return {
        name: SampleFigures(
            line.count,
            line.mean / 1000,
            line.deviation / 1000,
            min=line.minimum / 1000,
            max=line.maximum / 1000,
        )
        for name, line in joined.items()
        if line.count
    }
