"""The files of a run as the page serves them, and its report, made when somebody asks.

Must not know HTTP.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytsung.errors import PytsungError
from pytsung.report.report import Extent, write_report
from pytsung.report.sources import read_run

FRESH = 10.0
"""Seconds for which a report of a running test is good enough: to make one costs seconds."""


REPORT_PAGES = ("report.html", "report-single.html", "graph.html")
"""The pages that a report is made of, with their names; all else in a directory is data."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One line of the listing. `size` is in kB as Tsung rounds it, None for a directory."""

    name: str
    changed: str
    size: int | None


class RunFiles:
    """The log directory of one run. `says` is what became of the last report, in words."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.says = ""
        self._made_at = float("-inf")

    def find(self, name: str) -> Path | None:
        """The file with a name below the directory; None for what is not there, or elsewhere."""
        root = self.directory.resolve()
        try:
            path = (root / name.lstrip("/")).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return path if path.is_file() and path.is_relative_to(root) else None

    def listing(self) -> Sequence[FileEntry]:
        """What is in the directory, by name; hidden files are left out."""
        entries = []
        for path in sorted(self.directory.iterdir()):
            if path.name.startswith("."):
                continue
            status = path.stat()
            changed = datetime.fromtimestamp(status.st_mtime).astimezone()
            size = None if path.is_dir() else status.st_size // 1024 + 1
            entries.append(FileEntry(path.name, f"{changed:%Y-%m-%d %H:%M:%S}", size))
        return entries

    def make_report(self, *, again: bool = False) -> bool:
        """Make report and graphs, unless they are fresh; whether there is a report now.

        Blocks for seconds. What goes wrong is said, and is nobody's end.
        """
        if not again and time.monotonic() - self._made_at < FRESH:
            return self.find("report.html") is not None
        began = time.perf_counter()
        os.environ.setdefault("MPLBACKEND", "agg")
        try:
            write_report(read_run(self.directory), extent=Extent(all_images=False))
        except PytsungError as error:
            self.says = f"No report: {error}"
            return False
        taken = time.perf_counter() - began
        self._made_at = time.monotonic()
        name = self.directory.name
        self.says = f"{name}: Report and graphs generated in {taken:.2f} sec"
        return True
