"""Where the values of Tsung's `<setdynvars>` come from.

Must not know how a value is made: `pytsung.user` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True, slots=True)
class RandomNumber:
    """For each variable a whole number from `first` to `last`."""

    first: int = 1
    last: int = 10


@dataclass(frozen=True, slots=True)
class RandomText:
    """For each variable `length` letters from b to z (Tsung never draws an a)."""

    length: int = 20


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for the first variable, or for every one of them."""

    value: str
    for_all: bool = False


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file server, cut at each `delimiter`.

    In order, each line is used once before any is used again, over all workers of
    the test; otherwise lines are drawn at random.
    """

    file: str = "default"
    in_order: bool = True
    delimiter: str = ";"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The host that the user talks to, then its port."""


@dataclass(frozen=True, slots=True)
class JsonPart:
    """A part of the JSON text in variable `source`."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """What one of Tsung's own functions gives (`ts_msg_server:get_id`)."""

    function: str


@dataclass(frozen=True, slots=True)
class ErlangCode:
    """An Erlang `fun({Session, DynVars}) -> … end.`, of the part of Erlang we know."""

    code: str


@dataclass(frozen=True, slots=True)
class PythonCall:
    """What the Python function `package.module:function` gives."""

    callback: str


VariableSource = Union[  # noqa: UP007 - read at run time, on Python 3.10 too
    RandomNumber,
    RandomText,
    Constant,
    FileLine,
    ServerAddress,
    JsonPart,
    BuiltIn,
    ErlangCode,
    PythonCall,
]


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Gives the named variables values from one source."""

    names: tuple[str, ...]
    source: VariableSource


@dataclass(frozen=True, slots=True)
class RowFile:
    """Tsung's `file_server`: a file whose lines feed variables, known as `name`.

    `path` is on the controller's host; the controller alone reads it.
    """

    name: str
    path: str
