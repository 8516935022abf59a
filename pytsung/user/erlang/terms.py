"""Erlang's terms as Python's values, and how they compare and match.

Atoms are `Atom`, strings and binaries `str`, tuples and lists themselves. Must not
know how they were written.
"""

from __future__ import annotations

from typing import Any, Union

from pytsung.user.values import Value


class Atom(str):
    """A name that stands for itself."""

    __slots__ = ()


Term = Union[str, int, float, Atom, list[Any], tuple[Any, ...]]  # noqa: UP007 - for Python 3.10

TRUE = Atom("true")
FALSE = Atom("false")
OK = Atom("ok")


class ErlangError(Exception):
    """What would crash Tsung's user: a value that does not match, a bad argument."""


def truth(value: bool) -> Atom:
    """The atom of a truth value."""
    return TRUE if value else FALSE


def equal(left: Term, right: Term, *, exactly: bool = False) -> bool:
    """`==`, or `=:=`: a float is not exactly an integer, an atom never a string."""
    if isinstance(left, Atom) is not isinstance(right, Atom):
        return False
    if isinstance(left, list) and isinstance(right, str):
        left = text_of_list(left)
    if isinstance(right, list) and isinstance(left, str):
        right = text_of_list(right)
    if exactly and isinstance(left, float) is not isinstance(right, float):
        return False
    return left == right


def text_of_list(term: Term) -> Term:
    """The text that a list of character codes is; any other term as it is."""
    if isinstance(term, list) and all(_is_character(each) for each in term):
        return "".join(map(chr, term))
    return term


def _is_character(term: object) -> bool:
    """Whether Erlang's shell would show it as a character."""
    return isinstance(term, int) and (8 <= term <= 13 or term == 27 or 32 <= term <= 0x10FFFF)


def characters(term: Term) -> str:
    """The text of a string or a deep list of them. Raises ErlangError for anything else."""
    if isinstance(term, str) and not isinstance(term, Atom):
        return term
    if isinstance(term, list):
        return "".join(chr(each) if _is_character(each) else characters(each) for each in term)
    raise ErlangError(f"{shown(term)} is no text")


def number(term: Term) -> int | float:
    """A number. Raises ErlangError for anything else."""
    if isinstance(term, int | float):
        return term
    raise ErlangError(f"{shown(term)} is no number")


def integer(term: Term) -> int:
    """A whole number. Raises ErlangError for anything else."""
    if isinstance(term, int):
        return term
    raise ErlangError(f"{shown(term)} is no integer")


def shown(term: Term) -> str:
    """A term as `~p` writes it."""
    term = text_of_list(term) if term != [] else term
    if isinstance(term, Atom):
        return str.__str__(term)
    if isinstance(term, str):
        return f'"{term}"'
    if isinstance(term, list | tuple):
        inner = ",".join(map(shown, term))
        return f"[{inner}]" if isinstance(term, list) else f"{{{inner}}}"
    return repr(term)


def from_value(value: Value) -> Term:
    """A variable's value as a term."""
    if value is None:
        return Atom("undefined")
    if isinstance(value, bool):
        return truth(value)
    if isinstance(value, list):
        return [from_value(each) for each in value]
    return value


def to_value(term: Term) -> Value:
    """A term as a variable's value; tuples have none but their text."""
    if isinstance(term, Atom):
        return str.__str__(term)
    if isinstance(term, tuple):
        return shown(term)
    if isinstance(term, list):
        text = text_of_list(term) if term else term
        return text if isinstance(text, str) else [to_value(each) for each in term]
    return term
