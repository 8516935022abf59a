"""What follows a run: its report, and its result for build servers; none of it can spoil the run.

Must not know the run, only its log directory and its summary.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

from pytsung.logdir.summary import RunSummary
from pytsung.report.checks import junit_xml, markdown
from pytsung.report.report import Extent, write_report
from pytsung.report.sources import read_run

GITHUB = "GITHUB_STEP_SUMMARY"
"""GitHub's variable for the file to which a job's step appends its summary."""


def after_run(
    directory: Path,
    summary: RunSummary,
    say: Callable[[str], None],
    *,
    with_report: bool = True,
    junit: str = "",
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Write what is wanted, and tell `say` where it is and how long it took.

    Whatever fails is said, too, and changes nothing: the result stands.
    """
    if junit:
        _try(f"--junit {junit}", say, lambda: _write_junit(Path(junit), summary))
    if environment.get(GITHUB):
        _try(GITHUB, say, lambda: _append(Path(environment[GITHUB]), summary))
    if with_report:
        began = perf_counter()
        page = _try("report", say, lambda: write_report(read_run(directory), extent=_QUICK))
        if page:
            say(f"report       {page} (made in {perf_counter() - began:.1f} s)")


_QUICK = Extent(all_images=False)


def _try(what: str, say: Callable[[str], None], act: Callable[[], Path | None]) -> Path | None:
    try:
        return act()
    except KeyboardInterrupt:
        say(f"{what}: not written: interrupted")
    except Exception as error:  # noqa: BLE001 - said, and the run's own result stands
        say(f"{what}: not written: {error}")
    return None


def _write_junit(path: Path, summary: RunSummary) -> None:
    path.write_bytes(junit_xml(summary))


def _append(path: Path, summary: RunSummary) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(markdown(summary))
