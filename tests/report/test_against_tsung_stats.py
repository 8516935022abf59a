"""Our figures and those of Tsung's own report tool, from the same log, cell by cell.

What differs are defects of that tool: DEFECTS has each with the log that shows it, and
is the list that readers find in docs/reference/report.md. Needs `tsung_stats.pl` of
Debian's `tsung`; the test installs nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytsung.logdir.blocks import Blocks
from pytsung.logdir.tsung_reader import read_tsung_log
from pytsung.report.tsung_csv import write_csv_data
from pytsung.report.tsung_data import data_rows
from pytsung.report.tsung_graphs import make_graphs
from pytsung.report.tsung_page import tsung_sections
from pytsung.report.tsung_tables import table_rows
from tests.logdir.test_tsung_stats import report_tool
from tests.report.runs import TEXT, write_run

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "report.md"
TWICE = {"match"}
QUOTED = {"tr_log-in"}

_HEAD = "# stats: dump at {}\nstats: users 1 1\nstats: users_count 1 1\n"
_LINE = "stats: request {count} {mean} 0.0 9.0 1.0 {before} {count_before}\n"


def _block(at: int, count: int, mean: float, before: float = 0.0, count_before: int = 0) -> str:
    line = _LINE.format(count=count, mean=mean, before=before, count_before=count_before)
    return _HEAD.format(1_700_000_000 + at) + line


LONG = _block(10, 90, 9.0) + _block(20, 10, 1.0, 9.0, 90) + _block(24, 8, 4.0, 8.2, 100)
TWO_AT_ONCE = _block(10, 10, 2.0) + _block(20, 10, 2.0, 2.0, 10) + _block(20, 5, 8.0, 2.0, 20)
SHORT = _block(7, 10, 2.0)
DOUBLE = "".join(
    _HEAD.format(1_700_000_000 + at) + f"stats: match 5 {at}\nstats: match 2 {at // 5}\n"
    for at in (10, 20)
)
IN_QUOTES = LONG.replace("stats: request", "stats: 'tr_log-in'")
SIZES = "".join(
    _HEAD.format(1_700_000_000 + at) + f"stats: size_rcv 10240 {1024 * at}\n" for at in (10, 20)
)


@dataclass(frozen=True)
class Defect:
    """One row of the page's table: the log that shows it, whose figure, theirs and ours.

    The figure is a column of the table (`Mean`), or of a line of `data/` (`data -1 1`: in
    the last line, the second).
    """

    row: str
    log: str
    name: str
    figure: str
    theirs: str
    ours: str


DEFECTS = (
    Defect("the first ten seconds", LONG, "request", "0", "4.00 msec", "9.00 msec"),
    Defect("the last block", LONG, "request", "5", "100", "108"),
    Defect("two blocks of one second", TWO_AT_ONCE, "request", "5", "10", "25"),
    Defect("`Mean Rate`", LONG, "request", "3", "1.50 / sec", "4.50 / sec"),
    Defect("rate of a shorter last block in `data/`", LONG, "request", "data -1 1", "0.8", "2.0"),
    Defect("amount so far in `data/size_….txt`", SIZES, "size_rcv", "data -1 2", "16.0", "160.0"),
    Defect("a name that is twice in a block (`match`)", DOUBLE, "match", "2", "20", "24"),
    Defect("a name in quotes (`'tr_log-in'`)", IN_QUOTES, "tr_log-in", "data -1 1", "", "2.0"),
    Defect("a run shorter than ten seconds", SHORT, "request", "5", "", "10"),
)
ELSEWHERE = {"`csv_data/`"}
"""The row that is no single figure; it has a test of its own below."""
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


def test_the_page_lists_the_defects_that_are_shown_here() -> None:
    """Somebody whose figures moved looks there, and nowhere else."""
    table = PAGE.read_text("utf-8").partition("## Differences from tsung_stats.pl")[2]
    rows = re.findall(r"^\| ([^|]+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    rows = [row for row in rows if row and not row.startswith("---")]
    assert rows == [*(defect.row for defect in DEFECTS), *ELSEWHERE]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.row)
def test_a_defect_is_one(defect: Defect, tmp_path: Path) -> None:
    """Theirs is what the page says it is, ours what it should be: none is made up."""
    (tmp_path / "tsung.log").write_text(defect.log)
    subprocess.run(
        [str(report_tool()), "--noplot"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    blocks = read_tsung_log(tmp_path / "tsung.log")
    if not defect.figure.startswith("data"):
        column = int(defect.figure)
        theirs = their_tables(tmp_path).get(defect.name, [])
        ours = our_tables(blocks)[defect.name][1]
        assert (theirs[column] if theirs else "", ours[column]) == (defect.theirs, defect.ours)
        return
    _, line, column_text = defect.figure.split()
    path = tmp_path / "data" / f"{defect.name}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    their = lines[int(line)].split()[int(column_text)] if lines else ""
    assert (float(their) if their else "") == (float(defect.theirs) if defect.theirs else "")
    assert data_rows(blocks)[defect.name][int(line)][int(column_text)] == float(defect.ours)


def test_csv_data_has_every_time(tmp_path: Path) -> None:
    """Tsung's tool takes the times from its first curve, and which one that is, is chance."""
    blocks = [_HEAD.format(1_700_000_000 + at) for at in (10, 20)]
    later = "".join(f"stats: error_{name} 5 5\n" for name in "acdefgh")
    (tmp_path / "tsung.log").write_text(
        f"{blocks[0]}stats: error_b 10 10\n{blocks[1]}stats: error_b 20 30\n{later}"
    )
    file = tmp_path / "csv_data" / "graphes-Errors-rate.csv"
    for _ in range(4):  # 1 in 4,096 that error_b comes first each time
        subprocess.run(
            [str(report_tool()), "--dygraph"],
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
            check=True,
        )
        heads, *rows = file.read_text().splitlines()
        times = [row.split(",")[0] for row in rows if row.strip(", ")]
        is_first = heads.split(",")[1].strip() == "error_b"
        assert times == (["0", "10"] if is_first else ["10"])
        if not is_first:
            break
    assert not is_first
    write_csv_data(tmp_path, make_graphs(data_rows(read_tsung_log(tmp_path / "tsung.log"))))
    heads, *rows = file.read_text().splitlines()
    assert heads == "time,error_a,error_b,error_c,error_d,error_e,error_f,error_g,error_h "
    assert rows == ["0,,1,,,,,, ", "10,0.5,2,0.5,0.5,0.5,0.5,0.5,0.5 "]
