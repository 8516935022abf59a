"""`<fs>` elements become tasks, and outcomes Tsung's figures: sizes, positions, failures."""

from __future__ import annotations

from random import Random

import pytest

from pytsung.errors import ConfigurationError
from pytsung.plan import Endpoint, RequestStep
from pytsung.protocols.fs.conversation import ERRORS, FileConversation
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.fs.room import FileRoom
from pytsung.protocols.local import FileAction, FileTask, LocalWork, OpenMode, Outcome, WorkResult
from pytsung.protocols.room import RequestContext, RequestError
from tests.config.configurations import document, read


def requests_of(*elements: str, subst: str = "false") -> list[FileRequest]:
    steps = "".join(f'<request subst="{subst}"><fs {each}/></request>' for each in elements)
    session = f'<session name="one" weight="1" type="ts_fs">{steps}</session>'
    found = []
    for step in read(document(sessions=session)).plan.sessions[0].steps:
        assert isinstance(step, RequestStep)
        assert isinstance(step.request, FileRequest)
        found.append(step.request)
    return found


def work_of(conversation: FileConversation, request: FileRequest, **variables: str) -> LocalWork:
    def fill(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(f"%%_{name}%%", value)
        return text

    context = RequestContext(Endpoint("target", 7), Random(1), fill)
    exchange = conversation.begin(request, context)
    assert exchange.work is not None
    assert isinstance(exchange.work.task, FileTask)
    return exchange.work


def task_of(conversation: FileConversation, request: FileRequest, **variables: str) -> FileTask:
    task = work_of(conversation, request, **variables).task
    assert isinstance(task, FileTask)
    return task


def test_defaults_are_tsungs() -> None:
    """A lone path is a file of 1 KB that is written."""
    (request,) = requests_of('path="/tmp/a"')
    assert request == FileRequest(FileAction.WRITE, "/tmp/a", "", "1024", None, OpenMode.WRITE)


@pytest.mark.parametrize("action", FileAction)
def test_every_command_is_read(action: FileAction) -> None:
    """Also `copy` and `append`, which crash Tsung's users."""
    (request,) = requests_of(f'cmd="{action.value}" path="/a" dest="/b" mode="append" size="5"')
    task = task_of(FileConversation(), request)
    assert task == FileTask(action, "/a", "/b", 5, 0, OpenMode.APPEND)
    assert (
        FileRoom()
        .describe(request)
        .startswith(f"on the agent host: {action.value.replace('_', ' ')}")
    )


def test_texts_and_sizes_are_filled() -> None:
    """Tsung refuses a variable as size."""
    words = 'cmd="copy" path="/d/%%_n%%" dest="/e/%%_n%%" size="%%_n%%"'
    (request,) = requests_of(words, subst="true")
    task = task_of(FileConversation(), request, n="7")
    assert (task.path, task.destination, task.size) == ("/d/7", "/e/7", 7)
    for none in ("seven", "", "-1", "9" * 30):
        with pytest.raises(RequestError, match="error_fs_size"):
            task_of(FileConversation(), request, n=none)


def test_chunks_follow_each_other() -> None:
    """By the size asked for; where nothing is left, back to the beginning."""
    conversation = FileConversation()
    chunk = FileRequest(FileAction.READ_CHUNK, size="40")
    seen = []
    for count in (40, 20, 0, 40):
        work = work_of(conversation, chunk)
        assert isinstance(work.task, FileTask)
        seen.append(work.task.position)
        assert work.finish(Outcome(count=count)) == WorkResult(received=40)
    assert seen == [0, 40, 80, 0]


def test_a_position_is_heeded() -> None:
    """Tsung has the attribute, and ignores it."""
    conversation = FileConversation()
    (at, behind) = requests_of('cmd="write_chunk" size="10" position="100"', 'cmd="write_chunk"')
    work = work_of(conversation, at)
    assert work.finish(Outcome(count=10)) == WorkResult(sent=10)
    assert task_of(conversation, at).position == 100
    assert task_of(conversation, behind).position == 110


def test_opening_and_closing_begin_anew() -> None:
    """So does a change of the session's type, which closes the file."""
    conversation = FileConversation()
    write = FileRequest(FileAction.WRITE_CHUNK, size="10")
    for begin_anew in (FileAction.OPEN, FileAction.CLOSE):
        work_of(conversation, write).finish(Outcome(count=10))
        assert task_of(conversation, write).position == 10
        work_of(conversation, FileRequest(begin_anew, "/a")).finish(Outcome())
        assert task_of(conversation, write).position == 0
    work_of(conversation, write).finish(Outcome(count=10))
    conversation.disconnected()
    assert task_of(conversation, write).position == 0


@pytest.mark.parametrize(
    ("action", "result"),
    [
        (FileAction.READ, WorkResult(received=33)),
        (FileAction.WRITE, WorkResult(sent=40)),
        (FileAction.READ_CHUNK, WorkResult(received=40)),
        (FileAction.WRITE_CHUNK, WorkResult(sent=40)),
        (FileAction.COPY, WorkResult()),
        (FileAction.STAT, WorkResult()),
    ],
)
def test_sizes_are_tsungs(action: FileAction, result: WorkResult) -> None:
    """What was read of a file that is shorter counts in full, if it was a chunk."""
    work = work_of(FileConversation(), FileRequest(action, "/a", "/b", "40"))
    assert work.finish(Outcome(count=33)) == result


@pytest.mark.parametrize("action", FileAction)
def test_a_failure_has_tsungs_name_and_no_size(action: FileAction) -> None:
    """Nothing was read or written."""
    work = work_of(FileConversation(), FileRequest(action, "/a", "/b", "40"))
    assert work.finish(Outcome("eacces")) == WorkResult(counters=(ERRORS[action],))


@pytest.mark.parametrize("action", FileAction)
def test_what_is_there_already_is_no_failure_of_making_it(action: FileAction) -> None:
    """As in Tsung: all users make the same directory."""
    work = work_of(FileConversation(), FileRequest(action, "/a", "/b"))
    fine = action in (FileAction.MAKE_DIR, FileAction.MAKE_SYMLINK)
    assert bool(work.finish(Outcome("eexist")).counters) is not fine


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ('cmd="shred" path="/a"', '<fs> has cmd="shred"'),
        ('cmd="read"', "<fs> needs the attribute path"),
        ('cmd="copy" path="/a"', "<fs> needs the attribute dest"),
        ('path="/a" size="big"', '<fs> has size="big"'),
        ('path="/a" size="%%_n%%"', "<fs> has size"),
        ('cmd="open" path="/a" mode="rw"', '<fs> has mode="rw"'),
        ('cmd="read_chunk" position="-1"', "<fs> has position"),
    ],
)
def test_what_cannot_be_done_is_refused(words: str, text: str) -> None:
    """Before the run, with a line."""
    with pytest.raises(ConfigurationError, match=text):
        requests_of(words)
