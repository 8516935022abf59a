"""How long users pause: the other half of the load, with the most rules of all."""

from __future__ import annotations

import pytest

from pytsung.plan import Pause, SessionStep, ThinkTime, WaitForPush
from tests.config.configurations import fault, plan

FIXED, EXPONENTIAL, UNIFORM = Pause.FIXED, Pause.EXPONENTIAL, Pause.UNIFORM


def think(attributes: str, option: str | None = None) -> SessionStep:
    options = "" if option is None else f'<option name="thinktime" {option}/>'
    (step,) = plan(steps=f"<thinktime {attributes}/>", options=options).sessions[0].steps
    return step


@pytest.mark.parametrize(
    ("attributes", "step"),
    [
        ('value="3"', ThinkTime(3.0)),
        ('value="0.0126"', ThinkTime(0.013)),
        ('value="3" random="false"', ThinkTime(3.0)),
        ('value="3" random="true"', ThinkTime(3.0, EXPONENTIAL)),
        ('min="2" max="8"', ThinkTime(2.0, UNIFORM, 8.0)),
        ('min="0.5" max="8" random="true"', ThinkTime(0.5, UNIFORM, 8.0)),
        ("", ThinkTime(5.0)),
        ('random="true"', ThinkTime(5.0, EXPONENTIAL)),
        ('value="%%_pause%%"', ThinkTime(pause=Pause.FROM_TEXT, text="%%_pause%%")),
        ('value="wait_bidi"', WaitForPush()),
    ],
)
def test_an_element_alone(attributes: str, step: SessionStep) -> None:
    """Every form of the manual; without any word at all, the five seconds it promises."""
    assert think(attributes) == step


@pytest.mark.parametrize(
    ("attributes", "option", "step"),
    [
        # An element without words takes the option's.
        ("", 'value="7"', ThinkTime(7.0)),
        ("", 'value="0"', ThinkTime(0.0)),
        ("", 'value="7" random="true"', ThinkTime(7.0, EXPONENTIAL)),
        ("", 'min="3" max="3"', ThinkTime(3.0, UNIFORM, 3.0)),
        ('random="false"', 'value="7" random="true"', ThinkTime(7.0)),
        ('random="true"', 'value="7"', ThinkTime(7.0, EXPONENTIAL)),
        # Its own words win, but for what they leave open.
        ('value="2"', 'value="7"', ThinkTime(2.0)),
        ('value="2"', 'value="7" random="true"', ThinkTime(2.0, EXPONENTIAL)),
        ('value="2" random="false"', 'value="7" random="true"', ThinkTime(2.0)),
        ('min="1" max="2"', 'value="7" random="true"', ThinkTime(1.0, UNIFORM, 2.0)),
        # Tsung's trap: the option's range wins over a value without `random`.
        ('value="2"', 'min="3" max="9"', ThinkTime(3.0, UNIFORM, 9.0)),
        ('value="2" random="true"', 'min="3" max="9"', ThinkTime(2.0, EXPONENTIAL)),
        # With override the option has the only word.
        ('value="2"', 'value="7" override="true"', ThinkTime(7.0)),
        ('min="1" max="2"', 'value="7" override="true"', ThinkTime(7.0)),
        ('value="2"', 'min="3" max="9" override="true"', ThinkTime(3.0, UNIFORM, 9.0)),
        ('value="wait_bidi"', 'value="7" override="true"', WaitForPush()),
        (
            'value="%%_p%%"',
            'value="7" override="true"',
            ThinkTime(pause=Pause.FROM_TEXT, text="%%_p%%"),
        ),
    ],
)
def test_an_element_and_the_option(attributes: str, option: str, step: SessionStep) -> None:
    """Who wins is Tsung's rule, trap included: existing configurations rely on it."""
    assert think(attributes, option) == step


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('value="0"', "of 0 seconds"),
        ('value=""', "of 0 seconds"),
        ('value="-1"', 'value="-1"'),
        ('value="a while"', 'value="a while"'),
        ('value="1" min="1" max="2"', "a value and a min or max"),
        ('min="2" max="2"', "from 2 to 2"),
        ('min="3" max="2"', "from 3 to 2"),
        ('min="0" max="2"', "from 0 to 2"),
        ('min="1"', "needs the attribute max"),
        ('value="1" random="maybe"', 'random="maybe"'),
        ('value="%%ts_file_server:get_next_line%%"', "%%ts_file_server:get_next_line%%"),
    ],
)
def test_a_wrong_pause_is_refused(attributes: str, words: str) -> None:
    """Tsung would fail at the same places, most of them; none may become another pause."""
    message = fault(steps=f"<thinktime {attributes}/>")
    assert message.startswith("test.xml:8: ")
    assert words in message
    assert "; " in message
