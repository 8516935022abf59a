"""What a user has done on its own host counts as a request, and its first as a connection."""

from __future__ import annotations

from pytsung.plan import ConnectionOptions, Match, RequestStep, ThinkTime
from pytsung.protocols.local import CommandTask, WorkResult
from pytsung.protocols.shell.room import CommandRequest, ShellRoom
from pytsung.user.steps import END, Step, Think, Work
from tests.user.stage import Fact, Stage, start, woke

RUN = RequestStep(CommandRequest("run"))


def worked(**result: object) -> Fact:
    """It is done."""
    return lambda stage, now: stage.user.worked(WorkResult(**result), now)  # type: ignore[arg-type]  # words by name


def played(*steps: RequestStep | ThinkTime) -> Stage:
    return Stage(steps, room=ShellRoom(), options=ConnectionOptions(idle_timeout=5.0))


def is_work(step: Step | None) -> bool:
    return (
        isinstance(step, Work) and step.timeout == 5.0 and isinstance(step.work.task, CommandTask)
    )


def test_errands_are_requests() -> None:
    """One `connect` of no length, a `request` each, and Tsung's sizes."""
    stage = played(RUN, RUN, ThinkTime(3.0), RUN)
    assert is_work(start(stage, 1.0))
    assert is_work(worked(sent=4, received=10)(stage, 1.25))
    assert worked(sent=4)(stage, 1.5) == Think(3.0)
    assert is_work(woke(stage, 4.5))
    assert worked(counters=("shell_nonzero",))(stage, 5.0) == END
    assert stage.samples == {
        "connect": [0.0],
        "request": [0.25, 0.25, 0.5],
        "page": [0.5, 0.5],
        "session": [4.0],
    }
    assert stage.counters == {"shell_nonzero": 1}
    assert stage.recorder.bytes_sent == 8
    assert stage.recorder.bytes_received == 10
    assert stage.recorder.connections_opened == stage.recorder.connections_closed == 1


def test_an_errand_that_takes_too_long() -> None:
    """As an answer that does not come; what comes of it later is nobody's."""
    stage = played(RUN, RUN)
    start(stage, 0.0)
    assert woke(stage, 5.0) == END
    assert worked(sent=4)(stage, 6.0).__class__.__name__ == "Stay"
    assert stage.counters == {"error_timeout": 1}


def test_matches_look_at_the_output() -> None:
    """Tsung's user crashes."""
    stage = played(RequestStep(CommandRequest("run"), matches=(Match("b+"),)))
    start(stage, 0.0)
    worked(answer=b"abc")(stage, 1.0)
    assert stage.counters == {"match": 1}
