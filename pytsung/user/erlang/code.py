"""Erlang code as a function: parsed once, run for very many users.

    fun({Session, DynVars}) -> expression, …, expression end.

Each expression becomes a Python function of the scope it runs in. What we do not
know is refused while parsing, so that running can only fail where Tsung's user
would crash. Must not know users.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytsung.user.erlang.functions import FUNCTIONS, Surroundings
from pytsung.user.erlang.operators import LEVELS, Operator
from pytsung.user.erlang.syntax import CodeError, Token, tokens_of
from pytsung.user.erlang.terms import (
    FALSE,
    TRUE,
    Atom,
    ErlangError,
    Term,
    equal,
    number,
    shown,
    truth,
)

_END = Token("end", "the end")


class Scope:
    """Variables that are bound so far, and what stands around the code."""

    __slots__ = ("bound", "here")

    def __init__(self, here: Surroundings) -> None:
        self.here = here
        self.bound: dict[str, Term] = {}


Expression = Callable[[Scope], Term]
Pattern = Callable[[Scope, Term], bool]


def compile_code(code: str) -> Callable[[Surroundings], Term]:
    """The function that `sourcetype="eval"` code is. Raises CodeError.

    The function raises ErlangError where Tsung's user would crash.
    """
    function = compile_function(code)
    return lambda here: function((Atom("session"), Atom("dynvars")), here)


def compile_function(code: str) -> Callable[[Term, Surroundings], Term]:
    """The function of one argument that Erlang code is. Raises CodeError.

    The function raises ErlangError where Erlang's process would crash.
    """
    try:
        body = _Parser(tokens_of(code)).function()
    except RecursionError as error:
        raise CodeError("it is nested too deeply") from error
    return lambda argument, here: body(Scope(here), argument)


class _Parser:
    """Reads tokens into expressions, each method one rule of the grammar."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def function(self) -> Callable[[Scope, Term], Term]:
        """`fun(Pattern) -> body end.`"""
        self._expect("fun")
        self._expect("(")
        pattern = self._pattern()
        self._expect(")")
        self._expect("->")
        body = self._body()
        self._expect("end")
        self._accept(".")
        if self._token is not _END:
            raise CodeError(f"“{self._token.text}” after the end of the function")

        def call(scope: Scope, argument: Term) -> Term:
            if not pattern(scope, argument):
                raise ErlangError(f"the function does not take {shown(argument)}")
            return body(scope)

        return call

    # -- tokens ---------------------------------------------------------------

    @property
    def _token(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _accept(self, text: str) -> bool:
        token = self._token
        if token.text == text and token.kind in ("sign", "word"):
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise CodeError(f"“{self._token.text}” where “{text}” should stand")

    # -- expressions ----------------------------------------------------------

    def _body(self) -> Expression:
        parts = [self._expression()]
        while self._accept(","):
            parts.append(self._expression())
        *first, last = parts

        def run(scope: Scope) -> Term:
            for each in first:
                each(scope)
            return last(scope)

        return run if first else last

    def _expression(self) -> Expression:
        """A match, `Pattern = expression`, or an expression by itself."""
        start = self._at
        try:
            pattern = self._pattern()
        except CodeError:
            pattern = None
        if pattern is None or not self._accept("="):
            self._at = start
            return self._either()
        value = self._expression()

        def match(scope: Scope) -> Term:
            term = value(scope)
            if not pattern(scope, term):
                raise ErlangError(f"{shown(term)} does not match")
            return term

        return match

    def _either(self) -> Expression:
        left = self._both()
        if not self._accept("orelse"):
            return left
        right = self._either()
        return lambda scope: TRUE if left(scope) == TRUE else right(scope)

    def _both(self) -> Expression:
        left = self._binary(0)
        if not self._accept("andalso"):
            return left
        right = self._both()
        return lambda scope: right(scope) if left(scope) == TRUE else FALSE

    def _binary(self, level: int) -> Expression:
        if level == len(LEVELS):
            return self._unary()
        operators, to_the_right = LEVELS[level]
        left = self._binary(level + 1)
        while self._token.kind in ("sign", "word") and self._token.text in operators:
            apply = operators[self._token.text]
            self._at += 1
            right = self._binary(level if to_the_right else level + 1)
            left = _applied(apply, left, right)
        return left

    def _unary(self) -> Expression:
        if self._accept("-"):
            value = self._unary()
            return lambda scope: -number(value(scope))
        if self._accept("not"):
            value = self._unary()
            return lambda scope: truth(value(scope) != TRUE)
        return self._primary()

    def _primary(self) -> Expression:
        token = self._token
        if token.kind == "word" and token.text in ("if", "case", "begin"):
            self._at += 1
            choose = {"if": self._if, "case": self._case, "begin": self._block}[token.text]
            return choose()
        if token.kind == "variable":
            self._at += 1
            return _variable(token.text)
        if token.kind == "atom":
            return self._call_or_atom()
        if self._accept("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._accept("["):
            return self._list()
        if self._accept("{"):
            parts = self._sequence("}")
            return lambda scope: tuple(each(scope) for each in parts)
        return self._literal()

    def _literal(self) -> Expression:
        constant = self._constant()
        if constant is None:
            raise CodeError(f"“{self._token.text}” is not understood")
        return lambda _: constant

    def _constant(self) -> Term | None:
        """A number, a text (several in a row are one), or a binary of texts."""
        token = self._token
        if token.kind == "number":
            self._at += 1
            assert not isinstance(token.value, str)
            return token.value
        if token.kind == "text":
            text = ""
            while self._token.kind == "text":
                text += str(self._token.value)
                self._at += 1
            return text
        if self._accept("<<"):
            inner = self._constant() if self._token.text != ">>" else ""
            if isinstance(inner, str):
                self._expect(">>")
                return inner
        return None

    def _list(self) -> Expression:
        parts = self._sequence("]")
        return lambda scope: [each(scope) for each in parts]

    def _sequence(self, closing: str) -> list[Expression]:
        parts: list[Expression] = []
        if self._accept(closing):
            return parts
        while True:
            parts.append(self._expression())
            if self._accept(closing):
                return parts
            self._expect(",")

    def _call_or_atom(self) -> Expression:
        name = str(self._token.value)
        self._at += 1
        if self._accept(":"):
            name = f"{name}:{self._token.value}"
            self._at += 1
            if self._token.text != "(":
                raise CodeError(f"{name} is not called")
        if not self._accept("("):
            atom = Atom(name)
            return lambda _: atom
        arguments = self._sequence(")")
        function = FUNCTIONS.get(name)
        if function is None:
            raise CodeError(f"the function {name} is not supported")

        def call(scope: Scope) -> Term:
            try:
                return function(scope.here, *(each(scope) for each in arguments))
            except TypeError as error:
                raise ErlangError(f"{name} has {len(arguments)} arguments") from error

        return call

    # -- choices --------------------------------------------------------------

    def _block(self) -> Expression:
        body = self._body()
        self._expect("end")
        return body

    def _if(self) -> Expression:
        clauses = [self._if_clause()]
        while self._accept(";"):
            clauses.append(self._if_clause())
        self._expect("end")

        def choose(scope: Scope) -> Term:
            for guard, body in clauses:
                if _holds(guard, scope):
                    return body(scope)
            raise ErlangError("no branch of an if is true")

        return choose

    def _if_clause(self) -> tuple[Expression, Expression]:
        guard = self._guard()
        self._expect("->")
        return guard, self._body()

    def _guard(self) -> Expression:
        parts = [self._either()]
        while self._accept(","):
            parts.append(self._either())
        return lambda scope: truth(all(_holds(each, scope) for each in parts))

    def _case(self) -> Expression:
        subject = self._expression()
        self._expect("of")
        clauses = [self._case_clause()]
        while self._accept(";"):
            clauses.append(self._case_clause())
        self._expect("end")

        def choose(scope: Scope) -> Term:
            term = subject(scope)
            for pattern, guard, body in clauses:
                bound = dict(scope.bound)
                if pattern(scope, term) and _holds(guard, scope):
                    return body(scope)
                scope.bound = bound
            raise ErlangError(f"no branch of a case fits {shown(term)}")

        return choose

    def _case_clause(self) -> tuple[Pattern, Expression, Expression]:
        pattern = self._pattern()
        guard = self._guard() if self._accept("when") else lambda _: TRUE
        self._expect("->")
        return pattern, guard, self._body()

    # -- patterns -------------------------------------------------------------

    def _pattern(self) -> Pattern:
        token = self._token
        if token.kind == "variable":
            self._at += 1
            return _binding(token.text)
        if token.kind == "atom":
            self._at += 1
            atom = Atom(token.value)
            return lambda _, term: equal(term, atom)
        for opening, closing, kind in (("{", "}", tuple), ("[", "]", list)):
            if self._accept(opening):
                return _all_of(self._patterns(closing), kind)
        constant = self._constant()
        if constant is None:
            raise CodeError(f"“{token.text}” is no pattern")
        return lambda _, term: equal(term, constant)

    def _patterns(self, closing: str) -> list[Pattern]:
        parts: list[Pattern] = []
        if self._accept(closing):
            return parts
        while True:
            parts.append(self._pattern())
            if self._accept(closing):
                return parts
            self._expect(",")


def _applied(apply: Operator, left: Expression, right: Expression) -> Expression:
    return lambda scope: apply(left(scope), right(scope))


def _variable(name: str) -> Expression:
    def read(scope: Scope) -> Term:
        try:
            return scope.bound[name]
        except KeyError:
            raise ErlangError(f"{name} is not bound") from None

    return read


def _binding(name: str) -> Pattern:
    def bind(scope: Scope, term: Term) -> bool:
        if name == "_":
            return True
        if name in scope.bound:
            return equal(scope.bound[name], term, exactly=True)
        scope.bound[name] = term
        return True

    return bind


def _all_of(parts: list[Pattern], kind: type[list[Any] | tuple[Any, ...]]) -> Pattern:
    def match(scope: Scope, term: Term) -> bool:
        if isinstance(term, str) and kind is list and not isinstance(term, Atom):
            term = [ord(character) for character in term]
        if not isinstance(term, kind) or len(term) != len(parts):
            return False
        return all(part(scope, each) for part, each in zip(parts, term, strict=True))

    return match


def _holds(guard: Expression, scope: Scope) -> bool:
    """Whether a guard is true; one that fails is not."""
    try:
        return guard(scope) == TRUE
    except ErlangError:
        return False
