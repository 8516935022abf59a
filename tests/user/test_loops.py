"""Loops and branches must run as often as Tsung's do, its off-by-ones included, or the load
differs; where Tsung crashes, the sensible reading holds."""

from __future__ import annotations

import pytest

from pytsung.plan import Comparison, Condition, For, Foreach, If, Repeat, SessionStep, Transaction
from pytsung.user.steps import END
from pytsung.user.values import Value
from tests.user.stage import AWAIT, Stage, ask, connect, opened, said, send, start, written


def show(*names: str) -> SessionStep:
    """A request whose text is the variables' values."""
    return ask(" ".join(f"%%_{name}%%" for name in names), substitute=True)


def when(variable: str, comparison: str, value: str) -> Condition:
    return Condition(variable, Comparison(comparison), value)


# -- for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "increment", "seen"),
    [
        (1, 3, 1, "1 2 3"),
        (1, 1, 1, "1"),
        (5, 1, 1, "5"),  # the body is always played once
        (1, 9, 3, "1 4 7 10"),  # and the last value may pass the end
        (0, 3, 2, "0 2 4"),
    ],
)
def test_for_counts_as_tsungs_does(first: int, last: int, increment: int, seen: str) -> None:
    """The bound is looked at after the body, so an end below the start still plays once."""
    stage = Stage((For("i", first, last, increment, (show("i"),)), show("i")))
    *inside, after = stage.run()
    assert " ".join(inside) == seen
    assert after == inside[-1]  # the counter keeps its last value


def test_for_takes_its_bounds_from_variables() -> None:
    """`from="%%_n%%"`: filled when it is needed, so a bound may move while the loop runs."""
    steps = (For("i", "%%_low%%", "%%_high%%", 1, (show("i"),)),)
    assert Stage(steps).set("low", "2").set("high", 4).run() == ["2", "3", "4"]


@pytest.mark.parametrize(("low", "high"), [("x", "3"), ("1", "x")])
def test_a_bound_that_is_no_number_ends_the_user(low: str, high: str) -> None:
    """Tsung's user crashes there: `error_unknown`, and one user fewer."""
    stage = Stage((For("i", "%%_low%%", "%%_high%%", 1, (show("i"),)),))
    stage.set("low", low).set("high", high).run()
    assert stage.step is END
    assert stage.counters["error_unknown"] == 1


def test_loops_nest() -> None:
    """The inner counter starts anew each time it is entered."""
    inner = For("j", 1, 2, 1, (show("i", "j"),))
    assert Stage((For("i", 1, 2, 1, (inner,)),)).run() == ["1 1", "1 2", "2 1", "2 2"]


def test_a_loop_of_a_hundred_thousand_turns_needs_no_stack() -> None:
    """Sessions that last for hours are written as long loops."""
    stage = Stage((For("i", 1, 100_000, 1, ()), show("i")))
    assert stage.run() == ["100000"]


# -- if -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "comparison", "text", "plays"),
    [
        ("5", "eq", "5", True),
        ("5", "eq", "05", False),  # equality is of texts
        (5, "eq", "5.0", False),
        (0.5, "eq", "0.50", True),  # but a float equals its number (Tsung's never equals)
        ("a", "neq", "b", True),
        ("10", "gt", "9", True),  # order is of numbers: the variable against the value
        ("9", "gt", "10", False),
        ("10", "gte", "10", True),
        ("10", "lte", "9.5", False),
        ("-1", "lt", "+1e1", True),
        (["a", "b"], "eq", "ab", True),
    ],
)
def test_if_compares(value: Value, comparison: str, text: str, plays: bool) -> None:
    """Each comparison as Tsung's, but for floats, which crash there."""
    stage = Stage((If(when("x", comparison, text), (ask("body"),)), ask("after")))
    assert stage.set("x", value).run() == (["body"] if plays else []) + ["after"]
    assert "error_compare_not_numeric" not in stage.counters


def test_an_order_asked_of_text_fails_and_is_counted() -> None:
    """Tsung's user crashes there; ours goes on, and the report says so."""
    stage = Stage((If(when("x", "gt", "1"), (ask("body"),)), ask("after")))
    assert stage.set("x", "many").run() == ["after"]
    assert stage.counters["error_compare_not_numeric"] == 1


def test_if_on_an_unset_variable_plays_its_body_as_in_tsung() -> None:
    """Kept for compatibility, and counted: configurations rely on it."""
    stage = Stage((If(when("x", "eq", "1"), (ask("body"),)),))
    assert stage.run() == ["body"]
    assert stage.counters["error_if_undef"] == 1


def test_if_fills_its_value_and_reads_elements() -> None:
    """`eq="%%_y%%"` compares two variables; `x[2]` is the second element, from 1."""
    steps = (If(when("x[2]", "eq", "%%_y%%"), (ask("body"),)), ask("after"))
    assert Stage(steps).set("x", ["a", "b"]).set("y", "b").run() == ["body", "after"]
    stage = Stage((If(when("x[3]", "eq", "b"), (ask("body"),)),)).set("x", ["a", "b"])
    assert stage.run() == ["body"]  # out of range is unset
    assert stage.counters["error_if_undef"] == 1


@pytest.mark.parametrize(("number", "lines"), [(7, ["chosen", "after"]), (8, ["after"])])
def test_every_user_knows_its_number(number: int, lines: list[str]) -> None:
    """`tsung_userid` is a variable from the start: sessions give one user in n a special part."""
    stage = Stage(
        (If(when("tsung_userid", "eq", "7"), (ask("chosen"),)), ask("after")), number=number
    )
    assert stage.run() == lines
    assert "error_if_undef" not in stage.counters


# -- repeat -------------------------------------------------------------------------


def test_repeat_ends_with_its_condition() -> None:
    """`while` goes on while it holds; `until` while it does not."""
    countdown = Repeat("again", (show("again"),), when("again", "neq", "3"), until=False)
    # The loop's own counter: unset in the first pass, then 2, 3…
    stage = Stage((countdown,))
    assert stage.run() == ["undefined"]
    assert stage.counters["error_repeat_againundef"] == 1
    until = Repeat("r", (show("r"),), when("x", "eq", "go"), until=True, max_repeat=3)
    assert Stage((until,)).set("x", "go").run() == ["undefined"]


def test_repeat_plays_once_more_than_max_repeat_says() -> None:
    """Tsung's off-by-one is kept: loads have been tuned around it."""
    forever = Repeat("r", (show("r"),), when("x", "eq", "go"), max_repeat=3)
    stage = Stage((forever,)).set("x", "go")
    assert stage.run() == ["undefined", "2", "3", "4"]
    assert stage.counters["max_repeat"] == 1


@pytest.mark.parametrize(("quirks", "second"), [(False, ["undefined", "2", "3"]), (True, ["3"])])
def test_a_repeat_entered_again_starts_anew(quirks: bool, second: list[str]) -> None:
    """Tsung goes on counting, so that an inner loop runs less and less; a quirk restores it."""
    inner = Repeat("r", (show("r"),), when("x", "eq", "go"), max_repeat=2)
    stage = Stage((For("i", 1, 2, 1, (inner,)),), quirks=quirks).set("x", "go")
    assert stage.run() == ["undefined", "2", "3", *second]


def test_a_repeat_over_text_asked_for_order_ends_and_is_counted() -> None:
    """Neither an endless loop nor a crash."""
    stage = Stage((Repeat("r", (ask("body"),), when("x", "lt", "3")),)).set("x", "few")
    assert stage.run() == ["body"]
    assert stage.counters["error_compare_not_numeric"] == 1


# -- foreach ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (["a", "b", "c"], ["a 2", "b 3", "c 4"]),  # the index is one ahead, as in Tsung
        ([], []),
        ("", []),
        ("alone", ["alone 2"]),
        (5, ["5 2"]),
    ],
)
def test_foreach_walks_a_list(value: Value, seen: list[str]) -> None:
    """Nothing for an empty list, once for a scalar: there Tsung plays once, then crashes."""
    stage = Stage((Foreach("x", "items", (show("x", "x_iter"),)), ask("after")))
    assert stage.set("items", value).run() == [*seen, "after"]
    assert not [name for name in stage.counters if name.startswith("error")]


def test_foreach_over_an_unset_variable_is_counted() -> None:
    """Under Tsung's name; then the session goes on."""
    stage = Stage((Foreach("x", "items", (ask("body"),)), ask("after")))
    assert stage.run() == ["after"]
    assert stage.counters["error_foreach_itemsundef"] == 1


@pytest.mark.parametrize(
    ("include", "exclude", "seen"),
    [("^a", "", ["ab", "ac"]), ("", "^a", ["ba"]), ("c$", "^a", ["ac"]), ("z", "", [])],
)
def test_foreach_filters(include: str, exclude: str, seen: list[str]) -> None:
    """Unanchored expressions; `include` wins over `exclude`."""
    stage = Stage((Foreach("x", "items", (show("x"),), include, exclude),))
    assert stage.set("items", ["ab", "ba", "ac"]).run() == seen


def test_foreach_within_foreach_keeps_each_place() -> None:
    """Two loops over the same list must not share a place in it."""
    inner = Foreach("y", "items", (show("x", "y"),))
    stage = Stage((Foreach("x", "items", (inner,)),)).set("items", ["a", "b"])
    assert stage.run() == ["a a", "a b", "b a", "b b"]


# -- pages --------------------------------------------------------------------------


def test_a_repeat_and_an_if_join_pages_as_their_slots_do() -> None:
    """A repeat has no slot at its beginning and an if none at its end: pages reach across."""
    steps = (
        ask("a"),
        Repeat("r", (ask("b"),), when("x", "eq", "no")),
        If(when("x", "eq", "go"), (ask("c"),)),
        Transaction("t", (ask("d"),)),
    )
    stage = Stage(steps).set("x", "go")
    stage.play(
        (0.0, start, connect("a")),
        (0.0, opened, AWAIT),
        (1.0, said(b"ok\n"), send("b")),  # no page yet: the repeat's body is next
        (1.0, written, AWAIT),
        (3.0, said(b"ok\n"), send("c")),  # the repeat's end is a slot
        (3.0, written, AWAIT),
        (4.0, said(b"ok\n"), send("d")),  # the if's is not, nor is the transaction's
        (4.0, written, AWAIT),
        (6.0, said(b"ok\n"), END),
    )
    assert stage.samples["page"] == [3.0, 3.0]


def test_positions_are_tsungs_slots() -> None:
    """Request numbers in match.log mean the same place here and there."""
    steps = (
        For("i", 1, 2, 1, (ask(),)),  # 2 + 1
        Foreach("x", "l", (ask(),)),  # 2 + 1
        If(when("x", "eq", "1"), (ask(),)),  # 1 + 1
        Repeat("r", (ask(),), when("x", "eq", "1")),  # 1 + 1
        Transaction("t", (ask(),)),  # 2 + 1
    )
    # One more: behind the last slot stands the end.
    assert len(Stage(steps).user.program.operations) == 13 + 1
