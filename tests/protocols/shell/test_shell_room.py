"""`<shell>` elements become commands; their figures are Tsung's."""

from __future__ import annotations

from random import Random

import pytest

from pytsung.errors import ConfigurationError
from pytsung.plan import Endpoint, RequestStep
from pytsung.protocols.local import CommandTask, Outcome, WorkResult
from pytsung.protocols.room import Exchange, RequestContext
from pytsung.protocols.shell.room import CommandRequest, ShellConversation, ShellRoom
from tests.config.configurations import document, read


def request_of(words: str, subst: str = "false") -> CommandRequest:
    steps = f'<request subst="{subst}"><shell {words}/></request>'
    session = f'<session name="one" weight="1" type="ts_shell">{steps}</session>'
    step = read(document(sessions=session)).plan.sessions[0].steps[0]
    assert isinstance(step, RequestStep)
    assert isinstance(step.request, CommandRequest)
    return step.request


def exchange(request: CommandRequest, *, keep: bool = False, **variables: str) -> Exchange:
    def fill(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(f"%%_{name}%%", value)
        return text

    context = RequestContext(Endpoint("target", 7), Random(1), fill, keep_answer=keep)
    return ShellConversation().begin(request, context)


def test_command_and_arguments_have_a_blank_between() -> None:
    """Always, as in Tsung; nothing is quoted."""
    with_both = exchange(request_of('cmd="echo" args="%%_v%%"', "true"), v="a; b").work
    assert with_both is not None
    assert with_both.task == CommandTask("echo a; b")
    alone = exchange(request_of('cmd="uptime"'), keep=True).work
    assert alone is not None
    assert alone.task == CommandTask("uptime ", keep_output=True)


def test_sizes_are_those_of_command_and_output() -> None:
    """The exit status ends nobody; that it was not 0 is counted beside."""
    work = exchange(request_of('cmd="echo" args="é"')).work
    assert work is not None
    assert work.finish(Outcome(count=3, output=b"xyz")) == WorkResult(7, 3, (), b"xyz")
    assert work.finish(Outcome(count=3, status=2)).counters == ("shell_nonzero",)
    assert work.finish(Outcome("eagain")) == WorkResult(counters=("error_shell_eagain",))


def test_a_command_is_needed() -> None:
    """An empty one would load nothing."""
    with pytest.raises(ConfigurationError, match="<shell> needs the attribute cmd"):
        request_of('args="x"')


def test_check_says_it_in_words() -> None:
    """Whoever checks a stranger's configuration sees what it will run."""
    described = ShellRoom().describe(CommandRequest("rm", "-rf /tmp/x"))
    assert described == "run on the agent host: rm -rf /tmp/x"
