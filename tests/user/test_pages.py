"""XPath on pages as they are, not as they should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.user.pages import PageError, compile_xpath, parse_page
from pytsung.user.values import Value

PAGE = """<!DOCTYPE html>
<HTML><head><META name="csrf-token" content="T&amp;1"></head>
<body><form id=f><input name="a" value="1"><select><option>x<option>y</select></form>
<table><tr><td>1<td>2<tr><td>3</table>
<ul><li>one<li><a href="/two">two</a></ul></body></HTML>
"""

ROWS: list[tuple[str, Value]] = [
    ("//meta[@name='csrf-token']/@content", ["T&1"]),
    ("html/head/meta/@content", ["T&1"]),
    ("/html/head/meta/@name", ["csrf-token"]),
    ("//input[@name='a']/@value", ["1"]),
    ("count(//option)", 2),
    ("//table/tr[last()]/td[1]/text()", ["3"]),
    ("//table/tbody/tr", ""),
    ("//td[2]", ["2"]),
    ("//li/a/text() | //option[1]/text()", ["x", "two"]),
    ("string(//li[2])", "two"),
    ("//a/../../li[1]/text()", ["one"]),
    ("concat('a', 'b')", "ab"),
    ("//nothing", ""),
    ("sum(//td) div 4", 1.5),
    ("count(//td) = 3", True),
]


@pytest.mark.parametrize(("path", "value"), ROWS)
def test_a_path_finds_what_is_there(path: str, value: Value) -> None:
    """Names in any case, what is not closed, and no element that nobody wrote."""
    assert compile_xpath(path)(parse_page(PAGE)) == value


def test_a_page_may_have_several_outermost_elements() -> None:
    """Fragments are answered too."""
    assert compile_xpath("//b/text()")(parse_page("<p>a</p> and <b>c</b>")) == ["c"]


@pytest.mark.parametrize("text", ["", "no page at all", "{}"])
def test_what_has_no_element_is_no_page(text: str) -> None:
    """It is counted, and the variable stays as it was."""
    with pytest.raises(PageError):
        parse_page(text)


@pytest.mark.parametrize("path", ["//a[", "", "fn:nothing(1)", "//a/nonsense::b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    """While the configuration is read."""
    with pytest.raises(PageError):
        compile_xpath(path)


@given(st.text("<>/ab!-= '\"&;?", max_size=40))
def test_no_page_does_more_than_be_none(text: str) -> None:
    """The target says what it likes."""
    try:
        page = parse_page(text)
    except PageError:
        return
    compile_xpath("//a/@b")(page)
