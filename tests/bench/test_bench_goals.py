"""What is said to be met must be met: the page's claims are made by these lines."""

from __future__ import annotations

import pytest

from bench import accuracy, goals, million
from bench.connect import judge as judge_connect
from bench.million_result import Left, Size
from pytsung.stats import Interval


@pytest.mark.parametrize(
    ("key", "value", "judged"),
    [
        ("user", 512.0, "met"),
        ("user", 768.0, "missed, 1.50 ×"),
        ("http-tsung", 4.0, "met"),
        ("http-tsung", 3.2, "missed, 1.25 ×"),
        ("held-errors", 0.0, "met"),
        ("held-errors", 3.0, "missed"),
    ],
)
def test_a_figure_meets_its_goal_or_misses_it_by_a_factor(
    key: str, value: float, judged: str
) -> None:
    """Of some goals less is better, of others more."""
    assert goals.line(key, value, "so much").endswith(f" Measured: so much; {judged}.")


def test_the_table_has_every_goal_and_what_was_said_last_of_it() -> None:
    """A goal that nobody measured is no goal that was met."""
    said = [
        goals.line("user", 100, "100 B"),
        goals.line("user", 768, "768 B"),
        goals.line("steady", 90e-6, "90 µs"),
    ]
    lines = goals.table("\n".join(said)).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 2 + len(goals.GOALS)
    judged = {row.split(" | ")[0].removeprefix("| "): row.split(" | ")[2:4] for row in rows[2:]}
    assert judged[goals.GOALS[0].what] == ["768 B", "missed, 1.50 ×"]
    assert judged["Connect and upgrade at 1,000/s"] == ["90 µs", "met"]
    assert list(judged.values()).count(["not measured", "–"]) == len(goals.GOALS) - 2


def test_only_what_is_missed_has_its_reason() -> None:
    """An excuse beside a goal that was met would be read as one that was not."""
    text = goals.table(goals.line("user", 768, "768 B") + goals.line("steady", 0, "0 µs"))
    assert f"- **{goals.GOALS[0].what}** (missed, 1.50 ×): {goals.GOALS[0].because}" in text
    assert text.count("\n- **") == 1


def test_goals_can_be_told_apart() -> None:
    """The page is searched by their texts."""
    assert len({goal.text for goal in goals.GOALS}) == len(goals.GOALS)
    assert len({goal.key for goal in goals.GOALS}) == len(goals.GOALS)
    assert all(goal.because for goal in goals.GOALS)


# -- what programs say of them ---------------------------------------------------------


def judged(said: str) -> list[tuple[str, str]]:
    """Figures and judgements, in the order of the goals; those that were not measured left out."""
    rows = [line.split(" | ") for line in goals.table(said).splitlines() if " | `bench." in line]
    return [(row[2], row[3]) for row in rows if row[3] != "–"]


def test_a_million_is_held_against_four_goals(capsys: pytest.CaptureFixture[str]) -> None:
    """What the run must keep is less than what is aimed at."""
    size = Size(1_000_000, 8500.0)
    seconds = [Interval(0, connections_open=400_000), Interval(1, connections_open=1_000_000)]
    summary = {
        "connections": {"peak": 1_000_000},
        "counters": {"error_connect_timeout": 2, "size_rcv": 10},
    }
    million.say_goals(size, Left(summary, seconds), 8_800_000_000)
    assert judged(capsys.readouterr().out) == [
        ("1,000,000", "met"),
        ("8.80 GB", "missed, 1.10 ×"),
        ("2", "missed"),
        ("2 s at 8,500/s", "met"),
    ]


def test_without_tsung_nothing_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A peer that is not there is not beaten."""
    saturating = {"bare epoll loop": [40e-6], "pytsung": [50e-6]}
    steady = {"bare epoll loop": [80e-6], "pytsung": [100e-6]}
    judge_connect(saturating, steady)
    assert judged(capsys.readouterr().out) == [
        ("1.25", "met"),
        ("1.25", "missed, 1.09 ×"),
        ("100 µs", "met"),
    ]
    judge_connect(saturating | {"Tsung": [600e-6]}, {})
    assert ("12.0 ×", "met") in judged(capsys.readouterr().out)


def test_a_mean_that_is_too_low_is_off_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    """A figure that flatters is as wrong as one that does not."""
    samples = {"request": {"mean": 0.0094, "p99": 0.008}, "connect": {"mean": 0.0001, "p99": 0.0}}
    accuracy.judge(samples, [0.0100] * 100)
    assert judged(capsys.readouterr().out) == [
        ("0.70 ms", "missed, 2.33 ×"),
        ("2.00 ms", "missed, 2.00 ×"),
    ]
