"""Tsung's expressions find here what they find there, or are refused by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.user.pcre import PatternError, compile_pattern

FINDS = [
    (r'name="csrf" value="([^"]*)"', b'<input name="csrf" value="a1">', b"a1"),
    (r"Location: (http://.*)\r", b"Location: http://a/b\r\n", b"http://a/b"),
    (r"(a.c)", b"a\nc abc", b"abc"),
    (r"(end)$", b"the end\n", b"end"),
    (r"(end)\Z", b"the end\n", b"end"),
    (r"(?<key>[[:alpha:]]+)=\k<key>", b"ab=cd xy=xy", b"xy"),
    (r"(\Qa.b\E)", b"axb a.b", b"a.b"),
    (r"(\h+)x", b"a \t x", b" \t "),
    (r"a(?i)(b|C)", b"aB", b"B"),
    (r"(?:a(?i)b)(c|C)", b"aBc", b"c"),
    (r"(x{,3})", b"x x{,3}", b"x{,3}"),
    (r"([]a[]+)", b"zz[a]", b"[a]"),
    (r"([a&&b]+)", b"c&a&", b"&a&"),
    (r"(\x{41}\x42\e?)", b"AB", b"AB"),
    (r"(\y\/)", b"y/", b"y/"),
    (r"(a)\g{1}0", b"aa0", b"a"),
    ("(é)", "é".encode(), "é".encode()),
    (r"(\w+)", "é1".encode(), b"1"),
    (r"(a)(?# a comment)b", b"ab", b"a"),
    (r"(a\cI)", b"a\t", b"a\t"),
]


@pytest.mark.parametrize(("expression", "data", "found"), FINDS)
def test_an_expression_finds_what_pcre_finds(expression: str, data: bytes, found: bytes) -> None:
    """A configuration's expressions were tried against PCRE; they must not change their mind."""
    match = compile_pattern(expression).search(data)
    assert match is not None
    assert match[1] == found


def test_the_end_of_all_is_not_before_a_newline() -> None:
    r"""`\z` and `\Z` differ in PCRE; Python's `\Z` is PCRE's `\z`."""
    assert compile_pattern(r"end\z").search(b"the end\n") is None


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("a++", "possessive"),
        ("(?>a)", "atomic"),
        ("(?R)", "recursion"),
        ("(?|a|b)", "branch resets"),
        ("(*ANY)a", "verbs"),
        (r"\p{L}", "Unicode"),
        (r"a\Kb", "\\K"),
        ("(?U)a", "flag U"),
        ("(a", ""),
        ("a)", "no opening"),
        ("[a", "not closed"),
        ("a\\", "backslash"),
        (r"\x{263a}", "one byte"),
        ("[[:^alpha:]]", "[:^alpha:]"),
    ],
)
def test_what_python_has_no_equal_for_is_refused(expression: str, named: str) -> None:
    """Better no run than one whose matches silently mean something else."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(expression)
    assert named in str(caught.value)


@given(st.text(max_size=40))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    """Configurations are typed by hand."""
    try:
        pattern = compile_pattern(text)
    except (PatternError, UnicodeEncodeError):
        return
    assert isinstance(pattern, re.Pattern)


@given(st.text(alphabet="abc.*+?|()[]{}^$\\dws-,1", max_size=12), st.text("abcd1 -", max_size=9))
def test_plain_expressions_mean_what_python_means(text: str, data: str) -> None:
    """Where the two agree on the spelling, translating must change nothing."""
    try:
        expected = re.compile(text.encode())
    except (re.error, OverflowError, FutureWarning):
        return
    try:
        pattern = compile_pattern(text)
    except PatternError:
        return
    if "{" in text or "[" in text or "\\" in text:
        return  # spelt differently on purpose
    left, right = expected.search(data.encode()), pattern.search(data.encode())
    assert (left and left.span()) == (right and right.span())
