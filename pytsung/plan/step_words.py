"""The steps of a session in words, one line each, indented as they are nested.

Must not know any protocol: whoever asks says how a request reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from pytsung.plan.change_words import change_words, inspection_words, variable_words
from pytsung.plan.quantities import amount, length_of_time
from pytsung.plan.sessions import (
    Abort,
    Comparison,
    Condition,
    For,
    Foreach,
    If,
    Pause,
    Repeat,
    Request,
    RequestStep,
    Session,
    SessionStep,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.plan.sources import SetVariables

_WIDEST = 100
"""Columns of a line; what is longer is cut."""

_SIGNS = {
    Comparison.EQ: "=",
    Comparison.NEQ: "≠",
    Comparison.GT: ">",
    Comparison.LT: "<",
    Comparison.GTE: "≥",
    Comparison.LTE: "≤",
}


def session_lines(session: Session, describe_request: Callable[[str, Request], str]) -> list[str]:
    """The session's steps; equal ones in a row are one line with a count."""

    def walk(steps: Iterable[SessionStep], indent: str) -> Iterator[str]:
        for step in steps:
            if isinstance(step, RequestStep):
                # A payload may have lines of its own; here each step is one.
                words = " ".join(describe_request(session.kind, step.request).split())
                tag = f"  [{step.tag}]" if step.tag else ""
                yield indent + words + inspection_words(step) + tag
                continue
            yield indent + _words(step)
            if isinstance(step, Transaction | For | Repeat | If | Foreach):
                yield from walk(step.steps, indent + "  ")
                if isinstance(step, Repeat):
                    yield indent + _until(step)

    lines = []
    for line, same in groupby(walk(session.steps, "  ")):
        count = len(list(same))
        shown = line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
        lines.append(shown if count == 1 else f"{shown}  × {count}")
    return lines


def _words(step: SessionStep) -> str:
    if isinstance(step, ThinkTime):
        return _pause(step)
    if isinstance(step, WaitForPush):
        return "wait for a push"
    if isinstance(step, Transaction):
        return f"transaction {step.name}"
    if isinstance(step, For):
        by = f" by {step.increment}" if step.increment != 1 else ""
        return f"for {step.variable} from {step.start} to {step.stop}{by}"
    if isinstance(step, Repeat):
        return f"repeat {step.name}"
    if isinstance(step, If):
        return f"if {_condition(step.condition)}"
    if isinstance(step, Foreach):
        return f"for each {step.name} in {step.source}{_filter(step)}"
    if isinstance(step, Abort):
        return "end the whole test" if step.whole_test else "end the session"
    if isinstance(step, SetVariables):
        return variable_words(step)
    assert not isinstance(step, RequestStep)
    return change_words(step)


def _pause(step: ThinkTime) -> str:
    seconds = length_of_time(step.seconds)
    if step.pause is Pause.EXPONENTIAL:
        return f"think {seconds} on average"
    if step.pause is Pause.UNIFORM:
        return f"think {seconds} to {length_of_time(step.maximum)}"
    if step.pause is Pause.FROM_TEXT:
        return f"think {step.text} seconds"
    return f"think {seconds}"


def _until(step: Repeat) -> str:
    word = "until" if step.until else "while"
    # The body runs once before it is counted (Tsung manual, "Loops").
    return f"{word} {_condition(step.condition)}, at most {amount(step.max_repeat + 1, 'time')}"


def _condition(condition: Condition) -> str:
    return f"{condition.variable} {_SIGNS[condition.comparison]} {condition.value}"


def _filter(step: Foreach) -> str:
    if step.include:
        return f" like /{step.include}/"
    return f" unlike /{step.exclude}/" if step.exclude else ""
