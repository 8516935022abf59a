"""`<match>` and `<dyn_variable>`: what a request looks for in its answer.

Every expression is tried while reading, so that none fails on a user. Must not know
how an answer is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.substitutions import check_text
from pytsung.plan import Extraction, Match, MatchAction, Search
from pytsung.user import content
from pytsung.user.jsonpath import compile_path
from pytsung.user.pages import compile_xpath
from pytsung.user.pcre import compile_pattern

_ACTIONS = tuple(action.value for action in MatchAction)
_FORM_FIELD = "name=[\"']{}[\"'] (?:[^>]* )?value=[\"']([^\"']*)[\"']"
"""Without an attribute: the value of a form field (Tsung manual, "Dynamic variables")."""

_SEARCHES: Mapping[str, tuple[Search, Callable[[str], object]]] = {
    "re": (Search.REGEXP, compile_pattern),
    "regexp": (Search.REGEXP, compile_pattern),
    "xpath": (Search.XPATH, compile_xpath),
    "jsonpath": (Search.JSONPATH, compile_path),
    "header": (Search.HEADER, str),
}
"""By attribute: what is searched for, and what refuses an expression by ValueError."""


def read_matches(request: SourceElement, reader: ConfigurationReader) -> tuple[Match, ...]:
    """The matches of a request, in document order."""
    return tuple(_match(element, reader) for element in request.all("match"))


def _match(element: SourceElement, reader: ConfigurationReader) -> Match:
    expression = reader.content(element)
    is_substituted = reader.flag(element, "subst")
    if is_substituted:
        check_text(element, expression, reader)
    else:
        _try(element, "expression", expression, compile_pattern, reader)
    function = reader.text(element, "apply_to_content")
    if function and function not in content.FUNCTIONS:
        reader.fault(
            element,
            f"the function {function} cannot be applied to an answer",
            f"known are {', '.join(content.FUNCTIONS)}",
        )
    return Match(
        expression=expression,
        action=MatchAction(reader.choice(element, "do", _ACTIONS, "continue")),
        when_matched=reader.choice(element, "when", ("match", "nomatch"), "match") == "match",
        substitute=is_substituted,
        name=reader.text(element, "name", "-") or "-",
        skip_headers=reader.choice(element, "skip_headers", ("no", "http"), "no") == "http",
        function=function,
        max_loop=reader.integer(element, "max_loop", 20),
        sleep=reader.number(element, "sleep_loop", 5.0),
        loop_back=reader.integer(element, "loop_back", 0),
        max_restart=reader.integer(element, "max_restart", 3),
    )


def read_extractions(
    request: SourceElement, reader: ConfigurationReader, *, substitute: bool
) -> tuple[Extraction, ...]:
    """The variables that a request takes from its answer, in document order."""
    found = (_extraction(each, reader, substitute) for each in request.all("dyn_variable"))
    return tuple(each for each in found if each is not None)


def _extraction(
    element: SourceElement, reader: ConfigurationReader, substitute: bool
) -> Extraction | None:
    name = reader.required(element, "name")
    entities = reader.choice(element, "decode", ("html_entities",), "") == "html_entities"
    # As in Tsung's own document type, an empty attribute is none.
    given = [attribute for attribute in _SEARCHES if element.get(attribute)]
    if len(given) > 1:
        reader.fault(element, f"<dyn_variable> has {' and '.join(given)}", "keep one of them")
        return None
    if not given:
        expression = _FORM_FIELD.format(name)
        _try(element, "name", expression, compile_pattern, reader)
        return Extraction(name, Search.REGEXP, expression, entities)
    search, compile_expression = _SEARCHES[given[0]]
    expression = reader.text(element, given[0])
    is_filled = substitute and search is Search.JSONPATH and "%%" in expression
    if is_filled:
        check_text(element, expression, reader)
    else:
        _try(element, given[0], expression, compile_expression, reader)
    return Extraction(name, search, expression, entities, is_filled)


def _try(
    element: SourceElement,
    attribute: str,
    expression: str,
    compile_expression: Callable[[str], object],
    reader: ConfigurationReader,
) -> None:
    """Refuse an expression that cannot be compiled."""
    try:
        compile_expression(expression)
    except ValueError as error:
        shown = expression if len(expression) <= 60 else f"{expression[:59]}…"
        text = f"<{element.tag}> has the {attribute} “{shown}”: {error}"
        reader.fault(element, text, "write it in another way")
