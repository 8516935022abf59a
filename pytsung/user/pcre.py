"""Tsung's regular expressions (PCRE, on bytes) as Python's.

Tsung compiles them without options, so they see bytes: a dot is one byte, letters
are ASCII's. What PCRE spells otherwise is translated when a session is compiled; what
Python has no equal for is refused with its name. Must not know where they are used.

Known not to be the same: PCRE gives up after a number of steps, Python does not.
"""

from __future__ import annotations

import re
import warnings

_ESCAPES = {
    "h": r"[ \t]",
    "H": r"[^ \t]",
    "N": r"[^\n]",
    "R": r"(?:\r\n|[\n\v\f\r\x85])",
    "V": r"[^\n\v\f\r\x85]",
    "v": r"[\n\v\f\r\x85]",
    "Z": r"(?=\n?\Z)",
    "z": r"\Z",
    "e": r"\x1b",
}
"""What stands for an escape outside a character class."""

_CLASS_ESCAPES = {"h": r" \t", "v": r"\n\v\f\r\x85", "e": r"\x1b"}

_SAME = frozenset("AbBdDwWsSnrtfax0123456789")
_REFUSED = {
    "G": "the anchor \\G",
    "K": "the reset \\K",
    "X": "\\X",
    "C": "\\C",
    "p": "properties of Unicode, \\p",
    "P": "properties of Unicode, \\P",
}

_POSIX = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "cntrl": r"\x00-\x1f\x7f",
    "print": " -~",
    "graph": "!-~",
    "ascii": r"\x00-\x7f",
}

_QUANTIFIER = re.compile(r"[*+?]|\{[0-9]+(,[0-9]*)?\}")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([):])")
_NAMED = re.compile(r"\(\?(?:P?<([A-Za-z_][A-Za-z0-9_]*)>|'([A-Za-z_][A-Za-z0-9_]*)')")
_BACK = re.compile(r"\\(?:k(?:<(\w+)>|\{(\w+)\}|'(\w+)')|g(?:\{(\w+)\}|([0-9]+)))")
_HEXADECIMAL = re.compile(r"\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))")
_NAMED_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_RECURSION = re.compile(r"\(\?(R\)|[+-]?[0-9]|&|P>)")
_KNOWN_FLAGS = frozenset("imsx")


class PatternError(ValueError):
    """A regular expression that cannot be used; the message says why."""


def compile_pattern(text: str) -> re.Pattern[bytes]:
    """The compiled expression. Raises PatternError."""
    translated = translate(text)
    try:
        with warnings.catch_warnings():
            # What Python warns of is spelt so that it means what PCRE means.
            warnings.simplefilter("ignore")
            return re.compile(translated.encode())
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


def translate(text: str) -> str:
    """The expression in Python's spelling. Raises PatternError for what it lacks."""
    return _Translation(text).whole()


class _Translation:
    """One pass over an expression, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[str] = []
        # For each open group: the flags set inside it, each wrapped in a group of its own.
        self._groups: list[list[str]] = [[]]

    def whole(self) -> str:
        while self._at < len(self._text):
            self._next()
        self._out.append(")" * len(self._groups[0]))
        return "".join(self._out)

    def _next(self) -> None:
        character = self._text[self._at]
        if character == "\\":
            self._escape()
        elif character == "[":
            self._class()
        elif character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "|":
            self._alternative()
        elif character in "*+?{":
            self._quantifier()
        else:
            self._take(1)

    def _take(self, count: int) -> None:
        self._out.append(self._text[self._at : self._at + count])
        self._at += count

    def _put(self, text: str, consumed: int) -> None:
        self._out.append(text)
        self._at += consumed

    # -- escapes --------------------------------------------------------------

    def _escape(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if not following:
            raise PatternError("it ends in a backslash")
        if following == "Q":
            end = self._text.find("\\E", self._at)
            end = len(self._text) if end < 0 else end
            self._put(re.escape(self._text[self._at + 2 : end]), end + 2 - self._at)
        elif following == "E":
            self._at += 2
        elif back := _BACK.match(self._text, self._at):
            name = next(part for part in back.groups() if part)
            # The empty group keeps a digit that follows apart.
            spelt = f"\\{name}(?:)" if name.isdigit() else f"(?P={name})"
            self._put(spelt, back.end() - self._at)
        elif following in _ESCAPES:
            self._put(_ESCAPES[following], 2)
        else:
            self._plain_escape(following)

    def _plain_escape(self, following: str) -> None:
        """An escape that means one character, or the same as in Python."""
        text, at = self._text, self._at
        if code := _HEXADECIMAL.match(text, at):
            self._put(_byte(int(code[1] or code[2] or "0", 16)), code.end() - at)
        elif following == "c" and at + 2 < len(text):
            self._put(_byte(ord(text[at + 2].upper()) ^ 0x40), 3)
        elif following in _REFUSED:
            raise PatternError(f"{_REFUSED[following]} is not supported")
        elif following in _SAME or not (following.isascii() and following.isalpha()):
            self._take(2)
        else:
            self._put(following, 2)  # PCRE: any other letter is itself

    # -- character classes ----------------------------------------------------

    def _class(self) -> None:
        self._take(1)
        if self._text.startswith("^", self._at):
            self._take(1)
        if self._text.startswith("]", self._at):
            self._put(r"\]", 1)
        while not self._text.startswith("]", self._at):
            if self._at >= len(self._text):
                raise PatternError("a character class is not closed")
            self._class_member()
        self._take(1)

    def _class_member(self) -> None:
        text, at = self._text, self._at
        posix = _NAMED_CLASS.match(text, at)
        if posix is not None:
            if posix[1] or posix[2] not in _POSIX:
                raise PatternError(f"the class {posix[0]} is not supported")
            self._put(_POSIX[posix[2]], posix.end() - at)
        elif text[at] == "\\":
            following = text[at + 1 : at + 2]
            if following in _CLASS_ESCAPES:
                self._put(_CLASS_ESCAPES[following], 2)
            elif following == "b":
                self._take(2)
            elif following and following in "BHVNRQEAZzgk":
                raise PatternError(f"\\{following} in a character class is not supported")
            else:
                self._escape()
        elif text[at] in "[&~|":
            self._put(f"\\{text[at]}", 1)  # set operations, to Python
        else:
            self._take(1)

    # -- groups ---------------------------------------------------------------

    def _open(self) -> None:
        text, at = self._text, self._at
        if _RECURSION.match(text, at):
            raise PatternError("recursion is not supported")
        flags = _FLAGS.match(text, at)
        if flags is not None and (flags[1] or flags[2]):
            self._set_flags(flags)
            return
        if named := _NAMED.match(text, at):
            self._put(f"(?P<{named[1] or named[2]}>", named.end() - at)
        elif text.startswith("(?#", at):
            end = text.find(")", at)
            if end < 0:
                raise PatternError("a comment is not closed")
            self._at = end + 1
            return
        elif text.startswith("(*", at):
            raise PatternError("verbs, (*…), are not supported")
        elif text.startswith("(?|", at):
            raise PatternError("branch resets, (?|…), are not supported")
        elif text.startswith("(?>", at):
            raise PatternError("atomic groups, (?>…), are not supported")
        else:
            self._take(1)
        self._groups.append([])

    def _set_flags(self, flags: re.Match[str]) -> None:
        """Flags in the middle hold to the end of their group: here, in a group of their own."""
        for flag in flags[1] + (flags[2] or ""):
            if flag not in _KNOWN_FLAGS:
                raise PatternError(f"the flag {flag} is not supported")
        opening = f"(?{flags[1]}{'-' + flags[2] if flags[2] else ''}:"
        self._put(opening, flags.end() - self._at)
        if flags[3] == ":":
            self._groups.append([])
        else:
            self._groups[-1].append(opening)

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise PatternError("a closing parenthesis has no opening one")
        self._put(")" * len(self._groups.pop()) + ")", 1)

    def _alternative(self) -> None:
        inner = self._groups[-1]
        self._put(")" * len(inner) + "|" + "".join(inner), 1)

    # -- repetition -----------------------------------------------------------

    def _quantifier(self) -> None:
        quantifier = _QUANTIFIER.match(self._text, self._at)
        if quantifier is None:
            self._put(r"\{", 1)  # PCRE: a brace that repeats nothing is itself
            return
        self._take(quantifier.end() - self._at)
        if self._text.startswith("?", self._at):
            self._take(1)
        elif self._text.startswith("+", self._at):
            raise PatternError("possessive repetition is not supported")


def _byte(code: int) -> str:
    if code > 0xFF:
        raise PatternError("a code above \\xff is not one byte")
    return f"\\x{code:02x}"
