"""Erlang's words and signs: a text cut into tokens.

Must not know what they mean together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


class CodeError(ValueError):
    """Code that is no Erlang, or none that we know; the message says what."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, text, variable, atom, word (reserved) or sign."""

    kind: str
    text: str
    value: str | int | float = ""


_WORDS = frozenset(
    {
        *(
            "fun",
            "end",
            "if",
            "case",
            "of",
            "when",
            "begin",
            "andalso",
            "orelse",
            "and",
            "or",
            "not",
        ),
        *("div", "rem", "band", "bor", "xor", "catch", "try", "receive", "after"),
    }
)

_TOKEN = re.compile(
    r"""(?P<space>[\s]+|%[^\n]*)
    |(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?)
    |(?P<integer>\d+)
    |(?P<character>\$(?:\\.|[^\\]))
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quoted>'(?:[^'\\]|\\.)*')
    |(?P<variable>[A-Z_][A-Za-z0-9_@]*)
    |(?P<atom>[a-z][A-Za-z0-9_@]*)
    |(?P<sign>->|<<|>>|=:=|=/=|==|/=|=<|>=|<-|\|\||\+\+|--|[(){}\[\],;:.|=+\-*/<>!\#])
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "e": "\x1b", "b": "\b", "f": "\f", "v": "\v"}


def tokens_of(code: str) -> list[Token]:
    """The tokens of some code. Raises CodeError."""
    tokens = []
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            raise CodeError(f"“{code[at : at + 10]}” is no Erlang")
        at = match.end()
        token = _token(match)
        if token is not None:
            tokens.append(token)
    return tokens


def _token(match: re.Match[str]) -> Token | None:
    text = match[0]
    kind = match.lastgroup or ""
    if kind == "space":
        return None
    if kind == "integer":
        return Token("number", text, int(text))
    if kind == "float":
        return Token("number", text, float(text))
    if kind == "character":
        return Token("number", text, ord(_unescaped(text[1:])))
    if kind in ("string", "quoted"):
        return Token("text" if kind == "string" else "atom", text, _unescaped(text[1:-1]))
    if kind == "atom" and text in _WORDS:
        return Token("word", text)
    return Token(kind, text, text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)
