"""Erlang's binary operators, and how tightly each binds.

Must not know expressions: operands are terms.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pytsung.user.erlang.terms import (
    ErlangError,
    Term,
    characters,
    equal,
    integer,
    number,
    shown,
    text_of_list,
    truth,
)

Operator = Callable[[Term, Term], Term]

_Number = TypeVar("_Number", int, float)


def _divide(left: Term, right: Term) -> Term:
    return number(left) / _nonzero(number(right))


def _div(left: Term, right: Term) -> Term:
    quotient = abs(integer(left)) // abs(_nonzero(integer(right)))
    return quotient if (integer(left) < 0) is (integer(right) < 0) else -quotient


def _rem(left: Term, right: Term) -> Term:
    remainder = abs(integer(left)) % abs(_nonzero(integer(right)))
    return -remainder if integer(left) < 0 else remainder


def _nonzero(value: _Number) -> _Number:
    if not value:
        raise ErlangError("division by zero")
    return value


def _arithmetic(function: Callable[[Any, Any], Any]) -> Operator:
    return lambda left, right: function(number(left), number(right))


def _append(left: Term, right: Term) -> Term:
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if left == [] or right == []:
        return right if left == [] else left
    return characters(left) + characters(right)


def _ordered(function: Callable[[Any, Any], bool]) -> Operator:
    def compare(left: Term, right: Term) -> Term:
        left, right = text_of_list(left), text_of_list(right)
        are_numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if are_numbers or (isinstance(left, str) and isinstance(right, str)):
            return truth(function(left, right))
        raise ErlangError(f"{shown(left)} and {shown(right)} have no order that we know")

    return compare


LEVELS: tuple[tuple[Mapping[str, Operator], bool], ...] = (
    (
        {
            "==": lambda left, right: truth(equal(left, right)),
            "/=": lambda left, right: truth(not equal(left, right)),
            "=:=": lambda left, right: truth(equal(left, right, exactly=True)),
            "=/=": lambda left, right: truth(not equal(left, right, exactly=True)),
            "<": _ordered(operator.lt),
            ">": _ordered(operator.gt),
            "=<": _ordered(operator.le),
            ">=": _ordered(operator.ge),
        },
        False,
    ),
    ({"++": _append}, True),
    ({"+": _arithmetic(operator.add), "-": _arithmetic(operator.sub)}, False),
    ({"*": _arithmetic(operator.mul), "/": _divide, "div": _div, "rem": _rem}, False),
)
"""Binary operators from the loosest to the tightest, and whether they group to the right."""
