"""What is said to be met must be met: the page's claims are made by these lines."""

from __future__ import annotations

import pytest

from bench import goals


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
