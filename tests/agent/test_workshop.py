"""File and shell sessions on a real reactor: nobody waits for anybody, nothing is left over."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from time import monotonic, sleep

import pytest

from pytsung.plan import ConnectionOptions, Match, RequestStep, ThinkTime, Transport
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.fs.room import FileRoom
from pytsung.protocols.local import FileAction, OpenMode
from pytsung.protocols.shell.room import CommandRequest, ShellRoom
from tests import servers
from tests.agent.test_live_user import LIMIT, counted, live
from tests.user.stage import OpenRecorder

FILES = FileRoom()
SHELL = ShellRoom()
QUICK = ConnectionOptions(idle_timeout=0.2)


def file(action: FileAction, path: Path | str = "", size: int = 0, **words: object) -> RequestStep:
    return RequestStep(FileRequest(action, str(path), size=str(size), **words))  # type: ignore[arg-type]  # words by name


def run(command: str, *matches: Match) -> RequestStep:
    return RequestStep(CommandRequest(command), matches=matches)


def shell(*steps: RequestStep | ThinkTime, **more: object) -> OpenRecorder:
    """Sessions of commands; there is no server, and none is needed."""
    return live(1, *steps, room=SHELL, transport=Transport.LOCAL, **more)  # type: ignore[arg-type]  # words by name


def held_open() -> set[str]:
    """What this process has open."""
    held = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.add(str(entry.readlink()))
    return held


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    limit = monotonic() + LIMIT
    while is_alive(pid):
        assert monotonic() < limit, f"process {pid} is still there"
        sleep(0.01)


def written(path: Path) -> int:
    """A number that a command has written into a file."""
    limit = monotonic() + LIMIT
    while not path.exists() or not path.read_text().strip():
        assert monotonic() < limit
        sleep(0.01)
    return int(path.read_text())


# -- files ------------------------------------------------------------------------------


def test_files_are_written_and_read(tmp_path: Path) -> None:
    """Tsung's acceptance case: reads of 40 in a file of 60 count 40 each."""
    path = tmp_path / "a"
    recorder = live(
        1,
        file(FileAction.OPEN, path, mode=OpenMode.WRITE),
        file(FileAction.WRITE_CHUNK, size=40),
        file(FileAction.WRITE_CHUNK, size=20),
        file(FileAction.CLOSE),
        file(FileAction.OPEN, path, mode=OpenMode.READ),
        *[file(FileAction.READ_CHUNK, size=40)] * 3,
        room=FILES,
        transport=Transport.LOCAL,
    )
    assert path.stat().st_size == 60
    assert counted(recorder) == {}
    assert recorder.bytes_sent == 60
    assert recorder.bytes_received == 120
    assert len(recorder.seen["request"]) == 8
    assert recorder.connections_opened == 1


def test_a_file_session_needs_no_server(tmp_path: Path) -> None:
    """In Tsung it has to be of type `erlang`; here it may refuse, for all we know."""
    with servers.refusing() as port:
        recorder = live(port, file(FileAction.WRITE, tmp_path / "a", 7), room=FILES, users=20)
    assert counted(recorder) == {}
    assert recorder.bytes_sent == 140


def test_failures_are_counted_and_end_nobody(tmp_path: Path) -> None:
    """A full disk, say, is what such a test is about."""
    nowhere = tmp_path / "no" / "where"
    recorder = live(
        1,
        file(FileAction.READ, nowhere),
        file(FileAction.READ_CHUNK, size=1),
        file(FileAction.DELETE, nowhere),
        room=FILES,
    )
    assert counted(recorder) == {"error_fs_read": 1, "error_fs_pread": 1, "error_fs_delete": 1}
    assert len(recorder.seen["request"]) == 3


def test_an_open_file_is_closed_with_its_user(tmp_path: Path) -> None:
    """A user who forgets it is the rule: sessions end where they end."""
    opening = file(FileAction.OPEN, tmp_path / "a", mode=OpenMode.WRITE)
    live(1, opening, ThinkTime(0.02), room=FILES)
    assert str(tmp_path / "a") not in held_open()


def test_a_file_that_blocks_holds_up_its_own_user_alone(tmp_path: Path) -> None:
    """A pipe without a writer blocks as a broken network file system does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    start = monotonic()
    blocked = live(1, file(FileAction.READ, pipe), room=FILES, options=QUICK, users=3)
    assert counted(blocked) == {"error_timeout": 3}
    assert monotonic() - start < LIMIT / 2
    writer = os.open(pipe, os.O_RDWR)  # which never blocks; the threads read on, to the end
    sleep(0.02)
    os.close(writer)


# -- commands -----------------------------------------------------------------------------


def test_commands_run() -> None:
    """Both outputs are counted; the status is, if it was not 0; the session goes on."""
    recorder = shell(run("printf abc; printf de >&2"), run("exit 3"), run("cat"), users=5)
    assert counted(recorder) == {"shell_nonzero": 5}
    assert recorder.bytes_received == 5 * 5
    assert recorder.bytes_sent == 5 * len("printf abc; printf de >&2 exit 3 cat ")
    assert len(recorder.seen["request"]) == 15
    assert recorder.connections_opened == 5


def test_time_is_the_commands() -> None:
    """And others run meanwhile: twenty that sleep take little longer than one."""
    start = monotonic()
    recorder = shell(run("sleep 0.5"), users=20)
    assert monotonic() - start < 5
    assert min(recorder.seen["request"]) >= 0.5


def test_output_is_looked_at_and_bounded() -> None:
    """A command may print gigabytes: all are counted, the beginning is kept."""
    recorder = shell(
        run("head -c 3000000 /dev/zero; echo the end", Match("the end")),
        run("echo the end", Match("the end")),
    )
    assert counted(recorder) == {"nomatch": 1, "match": 1}
    assert recorder.bytes_received == 3_000_000 + 2 * len("the end\n")


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    """Tsung lets it go on."""
    note = tmp_path / "pid"
    recorder = shell(run(f"sleep 60 & echo $! > {note}; wait"), options=QUICK)
    assert counted(recorder) == {"error_timeout": 1}
    wait_until_gone(written(note))


def test_what_is_left_in_the_background_ends_with_the_run(tmp_path: Path) -> None:
    """The command itself is over at once, though its pipe is still open elsewhere."""
    note = tmp_path / "pid"
    recorder = shell(run(f"sleep 60 & echo $! > {note}"), run("true"))
    assert counted(recorder) == {}
    assert max(recorder.seen["request"]) < LIMIT / 2
    wait_until_gone(written(note))


def test_a_command_inherits_nothing_of_its_worker() -> None:
    """Neither sockets nor epolls: a background job would keep users' connections open."""
    inherited = "ls -l /proc/$$/fd | grep -c -e socket: -e anon_inode:"
    with socket.create_server(("127.0.0.1", 0)):
        recorder = shell(run(f"{inherited}; true", Match("^0")), users=3)
    assert counted(recorder) == {"match": 3}


def test_a_command_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many processes, say: counted by name, and the session goes on."""

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "no more processes")

    before = held_open()
    monkeypatch.setattr("pytsung.agent.commands.subprocess.Popen", refuse)
    recorder = shell(run("true"), run("true"))
    assert counted(recorder) == {"error_shell_eagain": 2}
    assert held_open() <= before


def test_a_zero_byte_is_no_command() -> None:
    """It may come out of an answer, by way of a variable."""
    recorder = shell(run("echo a\0b"))
    assert counted(recorder) == {"error_shell_einval": 1}


def test_commands_can_be_interrupted_as_usual(tmp_path: Path) -> None:
    """Python ignores some signals; its children must not."""
    recorder = shell(run(f"kill -s PIPE $$; echo alive > {tmp_path}/note"))
    assert not (tmp_path / "note").exists()
    assert counted(recorder) == {"shell_nonzero": 1}
