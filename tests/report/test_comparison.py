"""Comparing runs: two equal ones must not be told apart, and 10 % slower must be seen.

The runs are made up: 100 requests a second for 40 seconds of a ramp, each time
log-normal, with now and then a second in which the machine stood still.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from pytsung.cli.main import main
from pytsung.errors import UsageError
from pytsung.report.compare_page import comparison_text, write_comparison
from pytsung.report.comparison import Comparison, compare_runs
from pytsung.report.noise import Difference, compare, student
from pytsung.report.relative import RelativeLimit
from pytsung.report.sources import read_alike, read_run
from pytsung.stats import Interval, SampleSummary
from tests.report.runs import JSON, TEXT, write_run

PAIRS = 20
SECONDS = 40


def made_up(seed: int, slower: float = 1.0, stalls: float = 0.01) -> list[Interval]:
    chance = random.Random(seed)
    intervals = []
    for second in range(SECONDS):
        count = max(1, round(chance.gauss(100, 10)))
        typical = 0.010 * slower * (1 + 0.3 * second / SECONDS)
        times = [typical * chance.lognormvariate(0, 0.5) for _ in range(count)]
        if chance.random() < stalls:
            times = [time + 0.03 for time in times]
        intervals.append(
            Interval(
                second,
                users_started=count,
                users_finished=count,
                counters={"size_rcv": 300 * count},
                samples={"request": SampleSummary.of(times)},
            )
        )
    return intervals


def compared(directory: Path, pair: int, slower: float) -> Comparison:
    first = write_run(directory / f"a{pair}-{slower}", made_up(pair))
    second = write_run(directory / f"b{pair}-{slower}", made_up(pair + 1000, slower))
    return compare_runs(read_run(first), read_run(second))


def test_equal_runs_are_not_told_apart(tmp_path: Path) -> None:
    """A comparison that cries wolf is switched off after a week."""
    results = [compared(tmp_path, pair, 1.0).result for pair in range(PAIRS)]
    assert results.count("no difference seen") >= PAIRS - 1


def test_a_target_slower_by_ten_percent_is_seen(tmp_path: Path) -> None:
    """The comparison is made for this: somebody changed something, and it got slower."""
    found = 0
    for pair in range(PAIRS):
        rows = {(row.name, row.word): row for row in compared(tmp_path, pair, 1.1).rows}
        slower = [rows["request", word].verdict == "slower" for word in ("avg", "med", "p(95)")]
        found += any(slower)
    assert found >= PAIRS - 1


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [(0.975, 9, 2.262), (0.995, 11, 3.106), (0.9995, 19, 3.883), (0.9995, 5, 6.869)],
)
def test_quantiles_are_those_of_the_tables(
    probability: float, freedom: int, expected: float
) -> None:
    """Figures of any table of Student's t."""
    assert student(probability, freedom) == pytest.approx(expected, rel=0.006)


def test_a_margin_tells_how_sure_it_is() -> None:
    """10 % more within a margin of 1 % is sure, within one of 30 % is not."""
    chance = random.Random(1)
    steady = [10 + chance.gauss(0, 0.1) for _ in range(60)]
    wild = [10 * chance.lognormvariate(0, 0.6) for _ in range(60)]
    sure = compare(steady, [value * 1.1 for value in reversed(steady)])
    unsure = compare(wild, [value * 1.1 for value in reversed(wild)])
    assert sure.is_seen
    assert sure.low < 1.1 < sure.high < sure.low + 0.05
    assert not unsure.is_seen
    assert unsure.high - unsure.low > 0.3


def test_too_little_is_said_to_be_too_little() -> None:
    """Four seconds do not show anything; silence would be taken for "no difference"."""
    assert compare([1.0] * 4, [2.0] * 4) == Difference()
    assert compare([None] * 50, [1.0] * 50) == Difference()
    assert compare_runs(*read_alike([TEXT, JSON])).result == "too short to tell"


def test_errors_that_only_one_run_has_are_new() -> None:
    """From none to some is no ratio, and the most important difference there is."""
    assert compare([0.0] * 30, [4.0, 6.0] * 15) == Difference(math.inf, is_seen=True, is_known=True)
    assert not compare([0.0] * 30, [0.0] * 30).is_seen


def test_what_the_load_generator_cannot_see_is_no_difference(tmp_path: Path) -> None:
    """A machine that was busier answers 0.3 ms later; that says nothing of the target."""
    runs = []
    for name, slower in (("a", 0.1), ("b", 0.13)):
        intervals = made_up(1 if name == "a" else 2, slower)
        for interval in intervals:
            interval.generator["loop_lag"] = SampleSummary.of([0.0006] * 50)
        runs.append(read_run(write_run(tmp_path / name, intervals)))
    rows = {(row.name, row.word): row for row in compare_runs(*runs).rows}
    assert rows["request", "med"].difference.low > 1.05
    assert rows["request", "med"].verdict == "no difference seen"


def test_the_tail_of_the_lag_is_in_the_tail_of_the_times(tmp_path: Path) -> None:
    """One run shared its machine: every twentieth answer was seen 10 ms late, and no more."""
    runs = []
    for name, lag in (("a", [0.0006]), ("b", [0.0006] * 15 + [0.02])):
        intervals = made_up(1 if name == "a" else 2)
        for number, interval in enumerate(intervals):
            chance = random.Random(number)
            times = [0.010 * chance.lognormvariate(0, 0.1) for _ in range(200)]
            late = [time + lag[n % len(lag)] for n, time in enumerate(times)]
            interval.samples["request"] = SampleSummary.of(late)
            interval.generator["loop_lag"] = SampleSummary.of(lag * 8)
        runs.append(read_run(write_run(tmp_path / name, intervals)))
    rows = {(row.name, row.word): row for row in compare_runs(*runs).rows}
    assert rows["request", "p(95)"].difference.low > 1.3
    assert rows["request", "p(95)"].verdict == "no difference seen"


def test_limits_are_crossed_only_by_what_is_sure(tmp_path: Path) -> None:
    """A build must not fail by chance."""
    slower, equal = compared(tmp_path, 1, 1.3), compared(tmp_path, 1, 1.0)
    limit = RelativeLimit.parse("request: med<+10%")
    assert limit.is_crossed(slower)
    assert not limit.is_crossed(equal)
    assert not RelativeLimit.parse("request: med<+50%").is_crossed(slower)
    with pytest.raises(UsageError, match="no such figure in both; known are users_count, request"):
        RelativeLimit.parse("page: med<+10%").is_crossed(slower)
    with pytest.raises(UsageError, match="write it as"):
        RelativeLimit.parse("request: max<+10%")


def test_the_command_ends_with_99_when_a_limit_is_crossed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Build servers look at nothing else."""
    first = str(write_run(tmp_path / "a", made_up(1)))
    second = str(write_run(tmp_path / "b", made_up(2, 1.3)))
    line = ["compare", first, second, "-o", str(tmp_path / "page")]
    assert main([*line, "--threshold", "request: p(95)<+10%"]) == 99
    assert "request: p(95)<+10%  CROSSED" in capsys.readouterr().err
    assert main([*line, "--threshold", "request: p(95)<1s"]) == 0
    assert (tmp_path / "page" / "compare.html").exists()
    assert main(["compare", first]) == 2


def test_page_and_text_show_both_runs(tmp_path: Path) -> None:
    """Figures without the runs that they are of are worth nothing."""
    comparison = compared(tmp_path, 3, 1.3)
    runs = [comparison.first, comparison.second]
    text = comparison_text(runs, [comparison])
    assert "figures differ beyond noise" in text
    assert "slower" in text
    page = write_comparison(tmp_path, runs, [comparison]).read_text()
    assert "request: p95" in page
    assert page.count("a3-1.3") > 2
