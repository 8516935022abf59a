"""A collection of configurations, as `PYTSUNG_CORPUS` names it.

A directory with one or more directories, each with an `INDEX.tsv` whose columns `file`
and `well_formed` (`ok` or not) name its files. Any other collection will do.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(os.environ.get("PYTSUNG_CORPUS", "no corpus"))
WHY_NOT = "set PYTSUNG_CORPUS to a directory of configurations to use them all"


@dataclass(frozen=True)
class Entry:
    """One configuration."""

    path: Path
    well_formed: bool

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


def entries() -> list[Entry]:
    """All configurations; none where there is no collection."""
    found = []
    for index in sorted(CORPUS.glob("*/INDEX.tsv")):
        with index.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [
                Entry(index.parent / line["file"], line["well_formed"] == "ok") for line in lines
            ]
    return found
