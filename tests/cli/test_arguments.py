"""The command line is Tsung's, so that scripts go on working; what cannot be done is refused by
name, never ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.cli.arguments import Arguments, parse
from pytsung.cli.parser import LATER
from pytsung.errors import UsageError


def parsed(line: str, **environment: str) -> Arguments:
    return parse(line.split(), environment)


def test_options_stand_on_either_side_of_the_command() -> None:
    """People add an option where the cursor is."""
    one = parsed("-f a.xml -l logs --seed 5 -k start")
    assert one == parsed("start -f a.xml -l logs --seed 5 -k")
    assert one == parsed("-k -f a.xml start --seed=5 --log-dir logs")
    assert (one.command, one.configuration, one.seed, one.keep) == ("start", "a.xml", 5, True)
    assert one.log_root == Path("logs").absolute()


def test_defaults_are_tsungs() -> None:
    """Configuration and logs in ~/.tsung, one second of warm-up."""
    asked = parsed("start")
    home = Path.home() / ".tsung"
    assert (asked.configuration, asked.log_root) == (str(home / "tsung.xml"), home / "log")
    assert (asked.warm_up, asked.grace, asked.agent_timeout) == (1.0, 2.0, 30.0)
    assert (asked.statistics, asked.seed, asked.keep) == ("tsung.log", None, False)


def test_options_of_erlang_are_accepted_without_effect() -> None:
    """A script written for Tsung must not fail on them."""
    with_all = parsed("-p 250 -t 64000 -T 65500 -I 10.0.0.1 -L 600 -d 5 -s -F -6 start")
    assert with_all == parsed("start")


def test_check_names_its_file_either_way() -> None:
    """`pytsung check FILE` and `pytsung -f FILE check` are the same."""
    assert parsed("check a.xml") == parsed("-f a.xml check")
    assert parsed("-f - check").configuration == "-"


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2), ("2s", 2), ("500ms", 0.5), ("1.5m", 90), ("1h", 3600)]
)
def test_times_are_written_as_people_write_them(text: str, seconds: float) -> None:
    """A bare number is seconds, as in Tsung's `-w`."""
    asked = parsed(f"--grace {text} -w {text} --agent-timeout {text} start")
    assert (asked.grace, asked.warm_up, asked.agent_timeout) == (seconds,) * 3


def test_long_options_may_be_variables_and_the_line_wins() -> None:
    """For containers and CI, where a line is hard to change."""
    variables = {
        "PYTSUNG_FILE": "b.xml",
        "PYTSUNG_GRACE": "7s",
        "PYTSUNG_SEED": "3",
        "PYTSUNG_LOCAL": "1",
        "PYTSUNG_KEEP": "no",
        "PYTSUNG_THRESHOLD": "request: avg<1",
        "PYTSUNG_TSUNG_QUIRKS": "yes",
    }
    asked = parse(["--seed", "4", "start"], variables)
    assert (asked.configuration, asked.grace, asked.seed) == ("b.xml", 7.0, 4)
    assert (asked.local, asked.keep, asked.quirks) == (True, False, True)
    assert asked.thresholds == ("request: avg<1",)


def test_a_wrong_variable_is_named() -> None:
    """It may have been set weeks ago, elsewhere."""
    with pytest.raises(UsageError, match="PYTSUNG_GRACE='soon'"):
        parse(["start"], {"PYTSUNG_GRACE": "soon"})


@pytest.mark.parametrize("command", LATER)
def test_later_commands_are_refused_by_name_with_what_serves_until_then(command: str) -> None:
    """A command that does nothing would be believed."""
    with pytest.raises(UsageError, match=f"^{command}: not in this version of pytsung; ."):
        parsed(command)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "no command"),
        ("begin", "begin: unknown command"),
        ("start now", "now: one word too many after start"),
        ("check a.xml b.xml", "one word too many after check"),
        ("--frobnicate start", "--frobnicate"),
        ("--seed x start", "--seed"),
        ("--grace later start", "'later' is no duration"),
        ("start -f", "-f"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, text: str) -> None:
    """With the word that is wrong; nothing is guessed."""
    with pytest.raises(UsageError) as raised:
        parsed(line)
    assert text in str(raised.value)


def test_repeated_options_collect() -> None:
    """Several thresholds, several directories, tags with commas."""
    asked = parse(
        ["--threshold", "a: avg<1", "--threshold", "b: max<2", "-x", "t1,t2,", "start"], {}
    )
    assert asked.thresholds == ("a: avg<1", "b: max<2")
    assert asked.excluded_tags == ("t1", "t2")
