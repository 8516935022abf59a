"""The functions of Erlang's libraries, and of Tsung, that code may call.

Each takes terms and gives one; a wrong argument raises ErlangError. Must not know
how a call is written.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Protocol
from urllib.parse import quote, unquote

from pytsung.user import content
from pytsung.user.erlang.terms import (
    OK,
    Atom,
    ErlangError,
    Term,
    characters,
    integer,
    number,
    shown,
)
from pytsung.user.pcre import PatternError, compile_pattern


class Surroundings(Protocol):
    """What code may ask of the user for whom it runs."""

    @property
    def random(self) -> Random:
        """Where chance comes from."""
        ...

    @property
    def unix_time(self) -> float:
        """Now."""
        ...

    def lookup(self, name: str) -> Term:
        """`{ok, Value}`, or `false` for a variable that was never set."""
        ...


Function = Callable[..., Term]


def _text(function: Callable[[str], str]) -> Function:
    return lambda _, term: function(characters(term))


def _number(function: Callable[[Any], int | float]) -> Function:
    return lambda _, term: function(number(term))


def _lookup(here: Surroundings, name: Term, _: Term, *default: Term) -> Term:
    found = here.lookup(str(name))
    if default:
        return found[1] if isinstance(found, tuple) else default[0]
    return found


def _uniform(here: Surroundings, *most: Term) -> Term:
    if not most:
        return here.random.random()
    highest = integer(most[0])
    if highest < 1:
        raise ErlangError(f"no random number from 1 to {highest}")
    return here.random.randint(1, highest)


def _now(here: Surroundings) -> Term:
    micro = round(here.unix_time * 1_000_000)
    return (micro // 10**12, micro // 10**6 % 10**6, micro % 10**6)


def _replace(_: Surroundings, subject: Term, pattern: Term, new: Term, *options: Term) -> Term:
    wishes = options[0] if options and isinstance(options[0], list) else []
    try:
        expression = compile_pattern(characters(pattern))
    except PatternError as error:
        raise ErlangError(str(error)) from error
    # In Erlang `\1` is a group, as in Python, and `&` the whole match.
    template = re.sub(r"(?<!\\)&", r"\\g<0>", characters(new)).replace(r"\&", "&")
    count = 0 if Atom("global") in wishes else 1
    result = expression.sub(template.encode(), characters(subject).encode(), count=count)
    return result.decode("utf-8", "replace")


def _list_to_integer(_: Surroundings, term: Term) -> Term:
    if isinstance(term, int):  # tsung_userid was a text in old versions of Tsung
        return term
    try:
        return int(characters(term))
    except ValueError as error:
        raise ErlangError(f"{shown(term)} is no integer") from error


def _list_to_float(_: Surroundings, term: Term) -> Term:
    try:
        return float(characters(term))
    except ValueError as error:
        raise ErlangError(f"{shown(term)} is no float") from error


def _float_to_list(_: Surroundings, term: Term, *options: Term) -> Term:
    value = float(number(term))
    for option in options[0] if options and isinstance(options[0], list) else ():
        if isinstance(option, tuple) and option[0] == "decimals":
            return f"{value:.{integer(option[1])}f}"
    return f"{value:.20e}"


def _format(_: Surroundings, form: Term, arguments: Term) -> Term:
    """`io_lib:format` with the plain controls: ~s ~p ~w ~b ~B ~n ~~."""
    rest = list(arguments) if isinstance(arguments, list) else [*characters(arguments)]

    def put(control: re.Match[str]) -> str:
        if control[1] in "n~":
            return "\n" if control[1] == "n" else "~"
        if not rest:
            raise ErlangError("io_lib:format has too few arguments")
        term = rest.pop(0)
        if control[1] == "s":
            return str.__str__(term) if isinstance(term, Atom) else characters(term)
        return shown(term)

    return re.sub(r"~t?([spwbBn~])", put, characters(form))


def _concat(_: Surroundings, terms: Term) -> Term:
    if not isinstance(terms, list):
        raise ErlangError(f"{shown(terms)} is no list")
    plain = [str(each) if isinstance(each, Atom | int) else each for each in terms]
    return "".join(map(characters, plain))


def _nth(_: Surroundings, place: Term, terms: Term) -> Term:
    index = integer(place)
    if not isinstance(terms, list | str) or not 1 <= index <= len(terms):
        raise ErlangError(f"there is no element {index}")
    found = terms[index - 1]
    return ord(found) if isinstance(terms, str) else found


def _element(_: Surroundings, place: Term, term: Term) -> Term:
    index = integer(place)
    if not isinstance(term, tuple) or not 1 <= index <= len(term):
        raise ErlangError(f"there is no element {index}")
    found: Term = term[index - 1]
    return found


def _length(_: Surroundings, term: Term) -> Term:
    if isinstance(term, Atom) or not isinstance(term, list | str):
        raise ErlangError(f"{shown(term)} is no list")
    return len(term)


def _tokens(_: Surroundings, text: Term, separators: Term) -> Term:
    signs = re.escape(characters(separators))
    return [part for part in re.split(f"[{signs}]", characters(text)) if part]


def _join(_: Surroundings, parts: Term, between: Term) -> Term:
    if not isinstance(parts, list):
        raise ErlangError(f"{shown(parts)} is no list")
    return characters(between).join(map(characters, parts))


def _content(name: str) -> Function:
    """A function that both answers and code may be put through."""
    function = content.FUNCTIONS[name]

    def apply(_: Surroundings, term: Term) -> Term:
        try:
            return content.text_of_bytes(function(characters(term).encode()))
        except content.ContentError as error:
            raise ErlangError(str(error)) from error

    return apply


_encode = _text(functools.partial(quote, safe="-._~"))
_as_it_is = _text(str)
_nothing: Function = lambda *_: OK  # noqa: E731 - all of its kind stand together

FUNCTIONS: Mapping[str, Function] = {
    "ts_dynvars:lookup": _lookup,
    "rand:uniform": _uniform,
    "random:uniform": _uniform,
    "crypto:uniform": _uniform,
    "random:seed": _nothing,  # the run's own seed rules
    "rand:seed": _nothing,
    "io:format": _nothing,
    "now": _now,
    "erlang:now": _now,
    "os:timestamp": _now,
    "http_uri:encode": _encode,
    "uri_string:quote": _encode,
    "edoc_lib:escape_uri": _encode,
    "http_uri:decode": _text(unquote),
    "re:replace": _replace,
    "list_to_integer": _list_to_integer,
    "binary_to_integer": _list_to_integer,
    "list_to_float": _list_to_float,
    "integer_to_list": lambda _, term: str(integer(term)),
    "integer_to_binary": lambda _, term: str(integer(term)),
    "float_to_list": _float_to_list,
    "list_to_binary": _as_it_is,
    "iolist_to_binary": _as_it_is,
    "binary_to_list": _as_it_is,
    "lists:flatten": _as_it_is,
    "atom_to_list": lambda _, term: str(term),
    "list_to_atom": lambda _, term: Atom(characters(term)),
    "io_lib:format": _format,
    "lists:concat": _concat,
    "lists:nth": _nth,
    "element": _element,
    "length": _length,
    "string:len": _length,
    "string:to_upper": _text(str.upper),
    "string:to_lower": _text(str.lower),
    "string:concat": lambda _, a, b: characters(a) + characters(b),
    "string:strip": _text(lambda text: text.strip(" ")),
    "string:tokens": _tokens,
    "string:join": _join,
    "abs": _number(abs),
    "round": _number(lambda value: int(value + (0.5 if value >= 0 else -0.5))),
    "trunc": _number(int),
    "float": _number(float),
    **{
        name: _content(name)
        for name in ("ts_digest:md5hex", "ts_digest:shahex", "base64:encode", "base64:decode")
    },
}
"""Names as they are called, `module:function` or a built-in's alone."""
