"""Configurations that strangers wrote: each is read, or refused by name.

They are other people's files and not part of this project. `PYTSUNG_CORPUS` names
a directory with `real/` and `tsung-examples/`, each with an `INDEX.tsv`.
"""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path

import pytest

from pytsung.config import Configuration, read_configuration
from pytsung.errors import ConfigurationError, Fault
from pytsung.plan.words import describe, sentence
from pytsung.protocols.registry import installed

CORPUS = Path(os.environ.get("PYTSUNG_CORPUS", "no corpus"))
INDEXES = sorted(CORPUS.glob("*/INDEX.tsv"))

pytestmark = pytest.mark.skipif(
    not INDEXES, reason="set PYTSUNG_CORPUS to a directory of configurations to read them all"
)


def _rows() -> list[tuple[Path, bool]]:
    rows: list[tuple[Path, bool]] = []
    for index in INDEXES:
        with index.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows += [(index.parent / line["file"], line["well_formed"] == "ok") for line in lines]
    return rows


def _read(path: Path) -> Configuration | list[Fault]:
    try:
        return read_configuration(path)
    except ConfigurationError as error:
        return error.faults


@pytest.mark.parametrize(
    ("path", "well_formed"), _rows(), ids=lambda value: getattr(value, "name", "")
)
def test_every_configuration_is_read_or_refused_by_name(path: Path, well_formed: bool) -> None:
    """What people really have: templates, old formats, slips, and every protocol."""
    began = time.perf_counter()
    outcome = _read(path)
    assert time.perf_counter() - began < 1
    if isinstance(outcome, list):
        assert outcome
        assert all(fault.place.file and fault.place.line and fault.cure for fault in outcome)
        assert well_formed or "not well-formed" in outcome[0].text
    else:
        assert well_formed
        rooms = installed()
        text = describe(outcome.plan, lambda kind, each: rooms.room(kind).describe(each))
        assert sentence(outcome.plan) in text
