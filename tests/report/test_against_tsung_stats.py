"""Our figures and those of Tsung's own report tool, from the same log, cell by cell.

What differs are defects of that tool, and each is stated here as the part of the log
that it leaves out (docs/reference/report.md lists them for readers):

- highest and lowest figures and rates leave out the first block;
- `Mean` and `Count` are those of the blocks before the last one;
- `Mean Rate` averages the blocks' rates without regard to how long each block was;
- the total of a name that a block has twice (`match`) is that of its larger part;
- in `data/`, a name that a block has twice has two lines, the rate of a shorter last
  block is divided by the first one's length, and so is the amount of `size_…` so far;
  the file of a name that the log has in quotes stays empty, and it is no transaction.

Needs `tsung_stats.pl` of Debian's `tsung`; the test installs nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytsung.logdir.blocks import Blocks
from pytsung.logdir.tsung_reader import read_tsung_log
from pytsung.report.tsung_data import data_rows
from pytsung.report.tsung_page import tsung_sections
from pytsung.report.tsung_tables import table_rows
from tests.logdir.test_tsung_stats import report_tool
from tests.report.runs import TEXT, write_run

TWICE = {"match"}
QUOTED = {"tr_log-in"}
CELL = re.compile(r"<td[^>]*>([^<]*)</td>")


@pytest.fixture(params=["tsung", "ours"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A log of real Tsung's, and one of ours, with what the tool made of them."""
    if request.param == "tsung":
        shutil.copy(TEXT, tmp_path / "tsung.log")
    else:
        write_run(tmp_path)
    subprocess.run(
        [str(report_tool()), "--noplot"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    return tmp_path


def their_tables(directory: Path) -> dict[str, list[str]]:
    """The cells of each statistic's row."""
    page = (directory / "report.html").read_text()
    rows = [
        [" ".join(cell.split()) for cell in CELL.findall(row)]
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    ]
    return {row[0].strip("'"): row[1:] for row in rows if row}


def our_tables(blocks: Blocks) -> dict[str, tuple[str, list[str]]]:
    return {
        row[0]: (table.key, [" ".join(cell.split()) for cell in row[1:]])
        for table in tsung_sections(table_rows(blocks))
        for row in table.rows
    }


def without_first(blocks: Blocks) -> Blocks:
    return Blocks(blocks.blocks[1:], blocks.started, blocks.is_complete)


def without_last(blocks: Blocks) -> Blocks:
    return Blocks(blocks.blocks[:-1], blocks.started, blocks.is_complete)


def number(cell: str) -> float:
    return float(cell.split(maxsplit=1)[0].replace(",", ""))


def test_the_tables_are_those_of_tsung_but_for_its_defects(directory: Path) -> None:
    """Whoever compares an old report with a new one must find the same run in them."""
    blocks = read_tsung_log(directory / "tsung.log")
    theirs = their_tables(directory)
    rest, begun = our_tables(without_first(blocks)), our_tables(without_last(blocks))
    compared = 0
    for name, cells in theirs.items():
        kind, ours = rest[name]
        if name in TWICE | QUOTED or (kind == "network" and cells[0].startswith("0")):
            continue
        if kind in ("stats", "transaction"):
            highest, lowest, highest_rate, _mean_rate, mean, count = cells
            if number(highest_rate) == 0:
                assert ours[2].startswith("0 ")
                continue
            assert [highest, lowest] == ours[:2], name
            assert number(highest_rate) == pytest.approx(number(ours[2]), rel=0.005), name
            began = begun[name][1][4:] if name in begun else ["", "0"]
            assert [mean, count] == began, name
        elif kind in ("gauge", "monitoring", "network"):
            assert cells == ours, name
        else:
            assert number(cells[0]) == pytest.approx(number(ours[0]), rel=0.005), name
            assert cells[-1] == ours[-1], name
        compared += 1
    assert compared >= 8
    assert set(rest) == set(theirs)


def test_every_statistic_has_the_same_data_file_but_for_the_defects(directory: Path) -> None:
    """Spreadsheets have been fed from these files for years."""
    rows = data_rows(read_tsung_log(directory / "tsung.log"))
    files = {path.stem: path for path in (directory / "data").glob("*.txt")}
    assert set(files) == set(rows)
    for name, path in files.items():
        theirs = [[float(word) for word in line.split()] for line in path.read_text().splitlines()]
        if name in TWICE | QUOTED:
            continue
        assert len(theirs) == len(rows[name]), name
        for number_, (their, ours) in enumerate(zip(theirs, rows[name], strict=True)):
            is_last = number_ == len(theirs) - 1
            same = [n for n in range(len(their)) if not (n == 1 and is_last)]
            if name.startswith("size"):
                same.remove(2)
            for column in same:
                assert their[column] == pytest.approx(ours[column], rel=1e-9), (name, number_)


def test_what_tsung_counts_twice_is_added_up() -> None:
    """50 matches without an action and 20 with one are 70 matches."""
    blocks = read_tsung_log(TEXT)
    text = TEXT.read_text()
    totals = [int(total) for total in re.findall(r"^stats: match \d+ (\d+)$", text, re.MULTILINE)]
    row = next(row for row in table_rows(blocks) if row.name == "match")
    assert row.highest == sum(totals[-2:])
