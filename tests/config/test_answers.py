"""What a request looks for in its answer is read as Tsung reads it, and tried at once."""

from __future__ import annotations

import pytest

from pytsung.plan import Extraction, Match, MatchAction, RequestStep, Search
from tests.config.configurations import CONNECT, fault, plan


def asked(inner: str, attributes: str = "") -> RequestStep:
    """The one request, with this in it before what it sends."""
    steps = CONNECT.replace("<request>", f"<request {attributes}>{inner}")
    (step,) = plan(steps=steps).sessions[0].steps
    assert isinstance(step, RequestStep)
    return step


def test_a_match_has_tsungs_defaults() -> None:
    """Most are written with a text and an action."""
    assert asked("<match do='log'> 200 OK </match>").matches == (Match("200 OK", MatchAction.LOG),)


def test_every_attribute_of_a_match_is_read() -> None:
    """In document order, each for itself."""
    text = (
        '<match do="loop" when="nomatch" subst="true" name="ready" skip_headers="http" '
        'apply_to_content="zlib:gunzip" max_loop="3" sleep_loop="0.5" loop_back="2" '
        'max_restart="1">%%_a%%</match><match/>'
    )
    first, second = asked(text).matches
    assert second == Match("")
    assert first == Match(
        "%%_a%%",
        MatchAction.LOOP,
        when_matched=False,
        substitute=True,
        name="ready",
        skip_headers=True,
        function="zlib:gunzip",
        max_loop=3,
        sleep=0.5,
        loop_back=2,
        max_restart=1,
    )


@pytest.mark.parametrize(
    ("text", "extraction"),
    [
        ('name="a" re="b(c)"', Extraction("a", Search.REGEXP, "b(c)")),
        ('name="a" xpath="//b/@c"', Extraction("a", Search.XPATH, "//b/@c")),
        ('name="a" jsonpath="$.b[0]"', Extraction("a", Search.JSONPATH, "$.b[0]")),
        ('name="a" header="Set-Cookie/x"', Extraction("a", Search.HEADER, "Set-Cookie/x")),
        ('name="a" re="b" jsonpath=""', Extraction("a", Search.REGEXP, "b")),
        (
            'name="a" re="b" decode="html_entities"',
            Extraction("a", Search.REGEXP, "b", decode_entities=True),
        ),
        (
            'name="tok"',
            Extraction(
                "tok",
                Search.REGEXP,
                "name=[\"']tok[\"'] (?:[^>]* )?value=[\"']([^\"']*)[\"']",
            ),
        ),
    ],
)
def test_a_variable_is_searched_for_as_it_says(text: str, extraction: Extraction) -> None:
    """Without a word it is the value of a form's field."""
    assert asked(f"<dyn_variable {text}/>").extractions == (extraction,)


def test_a_json_path_is_filled_in_only_with_its_request() -> None:
    """`subst` on the request speaks of its paths too."""
    text = '<dyn_variable name="a" jsonpath="b[?c=%%_d%%].e"/>'
    (extraction,) = asked(text, 'subst="true"').extractions
    assert extraction.substitute
    assert not asked(text).extractions[0].substitute


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<match>(a</match>", "has the expression “(a”"),
        ("<match>a++</match>", "possessive repetition"),
        ("<match do='jump'>a</match>", 'do="jump"'),
        ("<match apply_to_content='mine:own'>a</match>", "mine:own"),
        ("<match subst='true'>%%mine:own%%</match>", "%%mine:own%%"),
        ('<dyn_variable re="a"/>', "needs the attribute name"),
        ('<dyn_variable name="a" re="b" xpath="//c"/>', "re and xpath"),
        ('<dyn_variable name="a" re="["/>', "has the re “[”"),
        ('<dyn_variable name="a" xpath="//["/>', "has the xpath"),
        ('<dyn_variable name="a" jsonpath="b[-1]"/>', "has the jsonpath “b[-1]”"),
        ('<dyn_variable name="a(b"/>', "has the name"),
    ],
)
def test_what_would_fail_on_every_user_is_refused_at_once(text: str, words: str) -> None:
    """Tsung's users crash, one after the other."""
    found = fault(steps=CONNECT.replace("<request>", f"<request>{text}"))
    assert words in found
    assert found.startswith("test.xml:8:")
