"""A collection of configurations, as `PYTSUNG_CORPUS` names it.

A directory with one or more directories, each with an `INDEX.tsv` whose columns `file`
and `well_formed` (`ok` or not) name its files; in a column `notes`, `'NAME' -> PATH`
says where a file lies that a configuration calls NAME. Any other collection will do.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

CORPUS = Path(os.environ.get("PYTSUNG_CORPUS", "no corpus"))
WHY_NOT = "set PYTSUNG_CORPUS to a directory of configurations to use them all"


@dataclass(frozen=True)
class Entry:
    """One configuration."""

    path: Path
    well_formed: bool
    files: tuple[tuple[str, Path], ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @contextmanager
    def at_home(self) -> Iterator[Path]:
        """A copy of it with the files that it names beside it, under their last names."""
        if not self.files:
            yield self.path
            return
        with TemporaryDirectory() as name:
            home = Path(name)
            data = self.path.read_bytes()
            for called, path in self.files:
                last = PurePath(called).name
                data = data.replace(f'"{called}"'.encode(), f'"{last}"'.encode())
                data = data.replace(f"'{called}'".encode(), f"'{last}'".encode())
                shutil.copy(path, home / last)
            copy = home / self.path.name
            copy.write_bytes(data)
            yield copy


_NEEDED = re.compile(r"'([^']+)' -> ([^\s;]+)")


def entries() -> list[Entry]:
    """All configurations; none where there is no collection."""
    found = []
    for index in sorted(CORPUS.glob("*/INDEX.tsv")):
        with index.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [_entry(index.parent, line) for line in lines]
    return found


def _entry(directory: Path, line: dict[str, str]) -> Entry:
    needed = _NEEDED.findall(line.get("notes") or "")
    files = tuple((called, directory / path) for called, path in needed)
    there = tuple((called, path) for called, path in files if path.is_file())
    return Entry(directory / line["file"], line["well_formed"] == "ok", there)
