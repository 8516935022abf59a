"""Variables get the values that Tsung gives them, or the ones it means to."""

from __future__ import annotations

import pytest

from pytsung.control.leases import IDS, Row, Supply, next_row_of, random_row_of
from pytsung.plan import (
    BuiltIn,
    Constant,
    ErlangCode,
    FileLine,
    JsonPart,
    PythonCall,
    RandomNumber,
    RandomText,
    ServerAddress,
    SetVariables,
    ThinkTime,
    VariableSource,
)
from pytsung.user.callbacks import CallbackUser
from pytsung.user.steps import END, AwaitLease, Think
from pytsung.user.supplies import Supplies
from pytsung.user.values import Value
from tests.user.stage import Stage, ask, connect, start


def values(source: VariableSource, *names: str, **before: Value) -> list[Value]:
    """What the variables are after a source was asked once."""
    stage = Stage((SetVariables(names, source), ThinkTime(1.0)))
    for name, value in before.items():
        stage.set(name, value)
    stage.play((0.0, start, Think(1.0)))
    return [stage.user.read(name) for name in names]


def erlang(body: str) -> ErlangCode:
    return ErlangCode(f"fun({{Pid, DynVars}}) -> {body} end.")


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        (Constant("x"), "a", ["x"]),
        (Constant("x"), "ab", ["x", ""]),
        (Constant("x", for_all=True), "ab", ["x", "x"]),
        (ServerAddress(), "ab", ["target", 7]),
        (ServerAddress(), "a", [["target", 7]]),
        (BuiltIn("ts_user_server:get_unique_id"), "a", ["7"]),
        (BuiltIn("ts_user_server:get_really_unique_id"), "a", ["1700000000-7"]),
        (erlang("6"), "a", [6]),
        (erlang("[1, 2, 3]"), "ab", [1, 2]),
        (erlang("[x]"), "a", ["x"]),
        (erlang("[[13, 10]]"), "a", ["\r\n"]),
        (erlang('"text"'), "ab", ["text", ""]),
        (RandomNumber(5, 5), "ab", [5, 5]),
    ],
)
def test_values_are_spread_over_the_variables(
    source: VariableSource, names: str, expected: list[Value]
) -> None:
    """A list gives each an element; a text is one value, where Tsung sees characters."""
    assert values(source, *names) == expected


def test_random_numbers_are_drawn_for_each_variable() -> None:
    """Uniformly, both ends included."""
    drawn = values(RandomNumber(1, 3), *(f"v{number}" for number in range(60)))
    assert set(drawn) == {1, 2, 3}


def test_random_texts_have_no_a() -> None:
    """Tsung's never do; scripts may count on it."""
    first, second = values(RandomText(200), "a", "b")
    assert isinstance(first, str)
    assert len(first) == 200
    assert set(first) <= set("bcdefghijklmnopqrstuvwxyz")
    assert first != second


def test_a_part_of_a_json_variable() -> None:
    """As a path does it in an answer."""
    assert values(JsonPart("v", "a[0]"), "x", v='{"a": [5]}') == [5]
    assert values(JsonPart("v", "b"), "x", v='{"a": [5]}') == [""]


@pytest.mark.parametrize(
    ("source", "before"),
    [
        (JsonPart("v", "a"), {}),
        (JsonPart("v", "a"), {"v": "no json"}),
        (erlang("{ok, V} = ts_dynvars:lookup(v, DynVars), V"), {}),
        (erlang("{ok, V} = ts_dynvars:lookup(v, DynVars), 1 div V"), {"v": 0}),
    ],
)
def test_without_a_value_the_user_ends(source: VariableSource, before: dict[str, Value]) -> None:
    """Tsung's crashes; the others go on."""
    stage = Stage((SetVariables(("x",), source), ask("never")))
    for name, value in before.items():
        stage.set(name, value)
    stage.play((0.0, start, END))
    assert stage.counters == {"error_unknown": 1}


def test_erlang_reads_the_users_variables() -> None:
    """Under the names that the configuration gives them."""
    code = erlang("{ok, V} = ts_dynvars:lookup(v, DynVars), http_uri:encode(V)")
    assert values(code, "x", v="a b") == ["a%20b"]


# -- Python -------------------------------------------------------------------------


def called(function: object) -> Stage:
    stage = Stage((SetVariables(("x", "y"), PythonCall("m:f")), ask("%%_x%%", substitute=True)))
    stage.user.world.callbacks["m:f"] = function  # type: ignore[assignment] # what a module has
    return stage


def test_a_python_function_sees_the_user_and_gives_values() -> None:
    """In place of Erlang: a list for several variables, anything plain for one."""

    def pick(user: CallbackUser) -> object:
        assert 0 <= user.random() < 1
        return [f"{user.number}@{user.host}:{user.port}", user.get("none", "default")]

    stage = called(pick).play((0.0, start, connect("7@target:7")))
    assert stage.user.read("y") == "default"


@pytest.mark.parametrize("result", [RuntimeError("bug"), object(), [object()]])
def test_a_python_function_that_fails_ends_one_user(result: object) -> None:
    """Counted under a name of its own: the fault is the script's, not the target's."""

    def fail(_: CallbackUser) -> object:
        if isinstance(result, Exception):
            raise result
        return result

    stage = called(fail).play((0.0, start, END))
    assert stage.counters == {"error_callback": 1, "error_unknown": 1}


# -- what the whole test shares -------------------------------------------------------


def supplied(stage: Stage, now: float) -> object:
    return stage.user.supplied(now)


class Shop:
    """Remembers orders; `deliver` hands over rows."""

    def __init__(self, stage: Stage) -> None:
        self.orders: list[tuple[Supply, int, bool]] = []
        self.supplies = stage.user.world.supplies = Supplies(
            lambda *order: self.orders.append(order)
        )

    def deliver(self, supply: Supply, *texts: str) -> None:
        rows = [Row(number, text) for number, text in enumerate(texts)]
        self.supplies.delivered(supply, rows)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_line_of_a_file_is_waited_for(in_order: bool) -> None:
    """A user that finds none goes on when some have come; one line is one call for nobody."""
    step = SetVariables(("a", "b"), FileLine("users", in_order, ";"))
    stage = Stage((step, ask("%%_a%%-%%_b%%", substitute=True)))
    shop = Shop(stage)
    supply = next_row_of("users") if in_order else random_row_of("users")
    stage.play((0.0, start, AwaitLease(supply)))
    assert shop.orders == [(supply, 16, True)]
    assert stage.user.is_idle
    shop.deliver(supply, "x;y;z", "more")
    assert stage.user.supplied(0.1) == connect("x-y")
    assert stage.user.supplied(0.2) != END


def test_a_single_variable_takes_a_line_of_several_fields_as_a_list() -> None:
    """And a line of one field as that."""
    for line, expected in (("x;y", ["x", "y"]), ("x", "x")):
        stage = Stage((SetVariables(("a",), FileLine("users")), ThinkTime(1.0)))
        Shop(stage).deliver(next_row_of("users"), line)
        stage.play((0.0, start, Think(1.0)))
        assert stage.user.read("a") == expected


def test_an_empty_file_ends_its_users() -> None:
    """They do not wait for ever."""
    stage = Stage((SetVariables(("a",), FileLine("users")), ask()))
    shop = Shop(stage)
    stage.play((0.0, start, AwaitLease(next_row_of("users"))))
    shop.deliver(next_row_of("users"))
    assert stage.user.supplied(0.0) == END
    assert stage.counters == {"error_file_empty": 1}


def test_a_request_waits_for_the_ids_that_are_in_it() -> None:
    """All of them, before any is used."""
    text = "%%ts_msg_server:get_id%%,%%ts_msg_server:get_id%%"
    stage = Stage((ask(text, substitute=True), ask("never")))
    shop = Shop(stage)
    shop.deliver(IDS, "1")
    stage.play((0.0, start, AwaitLease(IDS)))
    shop.deliver(IDS, "2", "3")
    assert stage.user.supplied(0.0) == connect("1,2")


def test_more_is_ordered_before_it_runs_dry() -> None:
    """Twice as much each time, and never one order for each user."""
    stage = Stage((ThinkTime(1.0),))
    shop = Shop(stage)
    shop.supplies.prepare([IDS])
    assert shop.orders == [(IDS, 16, False)]
    shop.deliver(IDS, *map(str, range(32)))
    for _ in range(16):
        shop.supplies.take(IDS)
    assert len(shop.orders) == 1
    shop.supplies.take(IDS)
    assert shop.orders[1:] == [(IDS, 32, False)]
    shop.supplies.take(IDS)
    assert len(shop.orders) == 2
