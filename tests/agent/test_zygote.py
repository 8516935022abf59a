"""The process that forks workers: a worker's death must be told, and none may outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

SCRIPT = """
    import os, signal, socket, subprocess, sys, time
    from pytsung.agent import zygote

    def life(connection):
        word = connection.recv(16)
        if word == b"crash":
            raise RuntimeError("last words")
        if word == b"sleep":
            time.sleep(60)
        if word == b"command":
            command = "sleep 60 & setsid sleep 60 & exec sleep 60"
            subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True)
            time.sleep(60)

    asked, pid = zygote.fork_zygote(life)

    def worker():
        here, there = socket.socketpair()
        with there:
            zygote.ask(asked, there)
        return here, zygote.read_answer(asked.recv(zygote.DATAGRAM))
"""


def script(body: str) -> subprocess.Popen[str]:
    """Run a script in a process of its own: a zygote is forked from one without threads."""
    text = textwrap.dedent(SCRIPT) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as every agent is
    )


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] != "Z"


def assert_gone(*pids: int) -> None:
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still there: {pids}"
        time.sleep(0.02)


def test_every_end_of_a_worker_is_told() -> None:
    """Well, by a bug with its traceback, by a signal: the controller says which it was."""
    running = script(
        """
        for word in (b"end", b"crash", b"sleep"):
            connection, started = worker()
            connection.send(word)
            if word == b"sleep":
                import os, signal
                os.kill(started.pid, signal.SIGKILL)
            ended = zygote.read_answer(asked.recv(zygote.DATAGRAM))
            assert ended.pid == started.pid
            print(word.decode(), ended.status, ended.cpu_seconds >= 0)
        """
    )
    stdout, stderr = running.communicate(timeout=30)
    assert stdout.splitlines() == ["end 0 True", "crash 1 True", "sleep -9 True"], stderr
    assert "RuntimeError: last words" in stderr


def test_all_die_with_the_agent() -> None:
    """Killed, not ended: nobody is left to tell them."""
    running = script(
        """
        workers = [worker() for _ in range(3)]
        for connection, _ in workers:
            connection.send(b"sleep")
        print(pid, *(started.pid for _, started in workers), flush=True)
        time.sleep(60)
        """
    )
    assert running.stdout is not None
    pids = [int(word) for word in running.stdout.readline().split()]
    assert len(pids) == 4
    assert all(map(is_alive, pids))
    running.kill()
    assert_gone(*pids)
    running.communicate()


def test_workers_die_with_the_zygote() -> None:
    """Nobody would reap them, nor tell of their end."""
    running = script(
        """
        connection, started = worker()
        connection.send(b"sleep")
        print(pid, started.pid, flush=True)
        sys.stdin.read()
        """
    )
    assert running.stdout is not None
    zygote, worker = (int(word) for word in running.stdout.readline().split())
    os.kill(zygote, signal.SIGKILL)
    assert_gone(zygote, worker)
    running.communicate("")


def test_the_end_of_its_socket_is_the_end_of_the_zygote() -> None:
    """An agent that ends well leaves nothing behind either."""
    running = script(
        """
        asked.close()
        import os
        print(os.waitpid(pid, 0)[1])
        """
    )
    stdout, stderr = running.communicate(timeout=30)
    assert stdout == "0\n", stderr


def test_an_agent_that_has_not_read_everything_may_still_go() -> None:
    """The kernel then says `reset` instead of `end`; that is no reason for a traceback."""
    running = script(
        """
        connection, started = worker()
        connection.send(b"end")
        time.sleep(0.2)
        asked.close()
        import os
        print(os.waitpid(pid, 0)[1])
        """
    )
    assert running.communicate(timeout=30) == ("0\n", "")


def test_workers_hold_none_of_the_agents_channel() -> None:
    """Whoever kept its stdout would hide its end from the controller."""
    running = script(
        """
        import os
        connection, started = worker()
        connection.send(b"sleep")
        for number in (0, 1):
            print(os.readlink(f"/proc/{started.pid}/fd/{number}"))
        print(os.readlink(f"/proc/{os.getpid()}/fd/2"))
        """
    )
    stdout, stderr = running.communicate(timeout=30)
    stdin_of, stdout_of, stderr_of_agent = stdout.splitlines()
    assert stdin_of == "/dev/null", stderr
    assert stdout_of == stderr_of_agent


def started_by(worker: int) -> set[int]:
    """The processes with the environment of this worker's command, once there are three."""
    deadline = time.monotonic() + 10
    while len(found := _carriers(_name_in_command_of(worker))) < 3:
        assert time.monotonic() < deadline, f"only {found}"
        time.sleep(0.02)
    return found


def _name_in_command_of(worker: int) -> bytes:
    children = Path(f"/proc/{worker}/task/{worker}/children")
    for pid in children.read_text().split():
        for word in _environment(int(pid)):
            if word.startswith(b"PYTSUNG_WORKER="):
                return word
    return b""


def _carriers(word: bytes) -> set[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return {pid for pid in pids if word and word in _environment(pid)}


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


TWO_WITH_COMMANDS = """
    workers = [worker() for _ in range(2)]
    for connection, _ in workers:
        connection.send(b"command")
    print(*(started.pid for _, started in workers), flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_worker_has_started_ends_with_it() -> None:
    """A load that nobody counts any more must not go on; another worker's must."""
    running = script(TWO_WITH_COMMANDS)
    assert running.stdout is not None
    first, second = (int(word) for word in running.stdout.readline().split())
    lost, kept = started_by(first), started_by(second)
    os.kill(first, signal.SIGKILL)
    assert_gone(first, *lost)
    assert all(map(is_alive, {second, *kept}))
    running.communicate("", timeout=30)
    assert_gone(second, *kept)


def test_what_workers_have_started_ends_with_a_killed_agent() -> None:
    """Nobody who could count them, or stop them, is left on the host."""
    running = script(TWO_WITH_COMMANDS)
    assert running.stdout is not None
    workers = [int(word) for word in running.stdout.readline().split()]
    all_started = set.union(*map(started_by, workers))
    os.killpg(running.pid, signal.SIGKILL)
    assert_gone(*workers, *all_started)
    running.communicate()


def test_a_host_without_room_for_a_process_says_so() -> None:
    """The zygote goes on, with the workers that it has; whoever asked learns why it got none."""
    running = script(
        """
        connection, started = worker()
        connection.send(b"sleep")
        asked.close()
        fork, calls = os.fork, []

        def fork_once():
            calls.append(None)
            if len(calls) == 2:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            return fork()

        os.fork = fork_once
        asked, pid = zygote.fork_zygote(life)
        print(worker()[1])
        connection, started = worker()
        connection.send(b"end")
        print(zygote.read_answer(asked.recv(zygote.DATAGRAM)).status)
        """
    )
    stdout, stderr = running.communicate(timeout=30)
    assert stdout == "NotStarted(reason='Resource temporarily unavailable')\n0\n", stderr
