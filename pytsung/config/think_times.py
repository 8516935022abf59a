"""`<thinktime>`, and the option of the same name that stands behind it.

Tsung manual, "Thinktimes". Must not draw a pause: `pytsung.schedule` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.substitutions import check_text
from pytsung.plan import Pause, ThinkTime, WaitForAll, WaitForPush

DEFAULT = 5.0
"""Seconds, where neither element nor option says anything: documented, but Tsung fails there."""


@dataclass(frozen=True, slots=True)
class ThinkTimeRule:
    """The option `thinktime`: a length or a range, seconds, and whose word counts.

    `override` replaces what elements say. Whole milliseconds, as in Tsung.
    """

    seconds: float = DEFAULT
    span: tuple[float, float] | None = None
    random: bool = False
    override: bool = False

    def pause(self, random: bool | None = None) -> ThinkTime:
        """The pause that the option asks for; `random` is the element's own word on it."""
        if self.span:
            return ThinkTime(self.span[0], Pause.UNIFORM, self.span[1])
        return _pause(self.seconds, self.random if random is None else random)


def read_rule(option: SourceElement, reader: ConfigurationReader) -> ThinkTimeRule:
    """The rule of one `<option name="thinktime">`; it replaces an earlier one whole."""
    random, override = reader.flag(option, "random"), reader.flag(option, "override")
    if option.get("min") is None and option.get("max") is None:
        seconds = reader.number(option, "value", DEFAULT)
        return ThinkTimeRule(_milliseconds(seconds), None, random, override)
    if option.get("value") is not None:
        reader.fault(option, "thinktime has a value and a min or max", "keep one of them")
    span = _span(option, reader)
    if span and not (span[0] <= span[1] and span[1] > 0):
        reader.fault(option, f"thinktime from {span[0]:g} to {span[1]:g}", "let max be above min")
    return ThinkTimeRule(DEFAULT, span, random, override)


def read_think_time(
    element: SourceElement, rule: ThinkTimeRule, reader: ConfigurationReader
) -> ThinkTime | WaitForPush | WaitForAll | None:
    """The pause of a `<thinktime>`; None after a fault."""
    value = (element.get("value") or "").strip()
    random = reader.flag(element, "random") if element.get("random") is not None else None
    if value == "wait_bidi":
        return WaitForPush()
    if value == "wait_global":
        return WaitForAll()
    if value.startswith("%%"):
        check_text(element, value, reader)
        return ThinkTime(pause=Pause.FROM_TEXT, text=value)
    has_value = element.get("value") is not None
    has_span = element.get("min") is not None or element.get("max") is not None
    if rule.override or not (has_value or has_span):
        return rule.pause(random)
    if has_value and has_span:
        reader.fault(element, "<thinktime> has a value and a min or max", "keep one of them")
        return None
    if has_span:
        span = _span(element, reader)
        if span is None:
            return None
        low, high = span
        if not 0 < low < high:
            text = f"<thinktime> from {low:g} to {high:g}"
            reader.fault(element, text, "let 0 < min < max, in seconds")
        return ThinkTime(low, Pause.UNIFORM, high)
    return _of_value(element, rule, random, reader)


def _of_value(
    element: SourceElement, rule: ThinkTimeRule, random: bool | None, reader: ConfigurationReader
) -> ThinkTime:
    seconds = reader.number(element, "value", DEFAULT)
    if seconds <= 0:
        reader.fault(element, "<thinktime> of 0 seconds", "write more than 0, or remove it")
    if random is None and rule.span:
        return rule.pause()  # as Tsung: the option's range wins over the element's value
    return _pause(seconds, rule.random if random is None else random)


def _span(element: SourceElement, reader: ConfigurationReader) -> tuple[float, float] | None:
    """`min` and `max`; None after a fault that one of them is missing."""
    given = [reader.required(element, name) for name in ("min", "max")]
    if not all(given):
        return None
    return (
        _milliseconds(reader.number(element, "min", 0.0)),
        _milliseconds(reader.number(element, "max", 0.0)),
    )


def _pause(seconds: float, random: bool) -> ThinkTime:
    kind = Pause.EXPONENTIAL if random else Pause.FIXED
    return ThinkTime(_milliseconds(seconds), kind)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000) / 1000
