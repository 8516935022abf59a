"""The Erlang that people put into their configurations does what it did there."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.user.erlang.code import compile_code, compile_function
from pytsung.user.erlang.syntax import CodeError
from pytsung.user.erlang.terms import FALSE, OK, ErlangError, Term, from_value, to_value
from pytsung.user.values import Value


class Here:
    """What stands around the code: some variables, a seed, a time."""

    random = Random(3)
    unix_time = 1_700_000_000.25

    def __init__(self, **variables: Value) -> None:
        self.variables = variables

    def lookup(self, name: str) -> Term:
        if name not in self.variables:
            return FALSE
        return (OK, from_value(self.variables[name]))


def run(body: str, **variables: Value) -> Value:
    return to_value(compile_code(f"fun({{Pid, DynVars}}) -> {body} end.")(Here(**variables)))


LOOKUP = "{ok, Val} = ts_dynvars:lookup(token, DynVars), "

ROWS: list[tuple[str, Value]] = [
    ("foobar", "foobar"),
    ("6", 6),
    ('"text"', "text"),
    ('"a" "b"', "ab"),
    ('"a\\n" ++ [$b]', "a\nb"),
    ('<<"bin">>', "bin"),
    ("[[13, 10]]", ["\r\n"]),
    ('[<<"a">>, <<"b">>]', ["a", "b"]),
    ("{a, 1}", "{a,1}"),
    ("1 + 2 * 3 - 4", 3),
    ("7 div 2 + 7 rem 2", 4),
    ("-7 div 2", -3),
    ("-7 rem 2", -1),
    ("1 / 4", 0.25),
    ("A = 5, B = A * 2, integer_to_list(B)", "10"),
    ("float_to_list(2.5, [{decimals, 2}])", "2.50"),
    ("if 1 > 2 -> no; true -> yes end", "yes"),
    ("case 5 of N when N > 9 -> big; N -> N + 1 end", 6),
    ("case {a, [1, 2]} of {b, _} -> 0; {a, [_, X]} -> X end", 2),
    ("true andalso 1 == 1.0", "true"),
    ("1 =:= 1.0 orelse not true", "false"),
    (LOOKUP + "Val", "a+b/c"),
    (LOOKUP + "http_uri:encode(Val)", "a%2Bb%2Fc"),
    (LOOKUP + 're:replace(Val, "[+]", "%2B", [global, {return,list}])', "a%2Bb/c"),
    (LOOKUP + "string:to_upper(Val)", "A+B/C"),
    (LOOKUP + "ts_digest:md5hex(Val)", "60d1661c73f42827569548877f5d0526"),
    (LOOKUP + "base64:encode(Val)", "YStiL2M="),
    ("lists:nth(2, [a, b, c])", "b"),
    ("element(2, {a, b})", "b"),
    ("length([1, 2])", 2),
    ('io_lib:format("~s-~p", ["a", 5])', "a-5"),
    ('lists:concat(["a", 1, b])', "a1b"),
    ('list_to_integer("12") + 1', 13),
    ("io:format([126, $p], [DynVars]), ok", "ok"),
    ("random:seed(now()), 1", 1),
    ("X = rand:uniform(1), X", 1),
    ("begin 1, 2 end", 2),
    ("% a comment\n 3", 3),
]


@pytest.mark.parametrize(("body", "value"), ROWS)
def test_code_gives_what_erlang_gives(body: str, value: Value) -> None:
    """The idioms of published configurations, and what lies between them."""
    assert run(body, token="a+b/c") == value


def test_a_list_can_be_taken_apart() -> None:
    """What XPath finds is a list, and people match it as one."""
    assert run("{ok, [Val]} = ts_dynvars:lookup(token, DynVars), Val", token=["x"]) == "x"


@pytest.mark.parametrize(
    "body",
    [
        LOOKUP + "Val",
        "1 div 0",
        "X",
        '"a" + 1',
        "if false -> 1 end",
        "case 1 of 2 -> 3 end",
        'list_to_integer("x")',
        "rand:uniform(0)",
        "A = 1, A = 2",
        "lists:nth(4, [1])",
    ],
)
def test_what_crashes_tsungs_user_is_an_error_here(body: str) -> None:
    """The user ends, counted, and the others go on."""
    with pytest.raises(ErlangError):
        run(body)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ('fun({A, B}) -> file:read_file("x") end.', "file:read_file"),
        ("fun({A, B}) -> mine(1) end.", "mine"),
        ("fun({A, B}) -> 1", "end"),
        ("fun(A) -> [X || X <- A] end.", "||"),
        ("1 + 1", "fun"),
        ("fun({A, B}) -> 1 end. more", "more"),
        ("fun({A, B}) -> `x` end.", "`x`"),
        ("fun({A, B}) -> lists:map end.", "lists:map"),
    ],
)
def test_what_we_do_not_know_is_refused_by_name(code: str, named: str) -> None:
    """Before the run, with what it is that has no equal."""
    with pytest.raises(CodeError) as caught:
        compile_code(code)
    assert named in str(caught.value)


@given(
    st.lists(
        st.sampled_from(
            [
                "fun",
                "({A, B})",
                "->",
                "end",
                ".",
                "1",
                "X",
                "=",
                "++",
                "[",
                "]",
                "if",
                "case",
                "of",
                ";",
                ",",
                '"s"',
                "{",
                "}",
                "a",
                "(",
                ")",
            ]
        )
    )
)
def test_no_code_does_more_than_be_refused(parts: list[str]) -> None:
    """Configurations are typed by hand."""
    try:
        function = compile_code(" ".join(parts))
        function(Here())
    except (CodeError, ErlangError):
        return


@pytest.mark.parametrize(
    ("code", "argument", "expected"),
    [
        ("fun(X)-> X/100 end.", 3350, 33.5),
        ("fun(X) -> X rem 7 end", 10, 3),
        ("fun(X) -> if X > 5 -> 1; true -> 0 end end.", 6, 1),
        ("fun(_) -> 9 end.", 0, 9),
    ],
)
def test_a_function_of_one_argument(code: str, argument: int, expected: float) -> None:
    """As `<oid eval>` has it, for a figure that an SNMP agent shows."""
    assert compile_function(code)(argument, Here()) == expected


def test_an_argument_that_does_not_fit() -> None:
    """Erlang's process would crash there; the figure is left out here."""
    with pytest.raises(ErlangError, match="does not take 4"):
        compile_function("fun(3) -> ok end.")(4, Here())
