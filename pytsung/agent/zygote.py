"""A small process that forks workers, so that nothing else ever has to.

A fork inside a running trio loop breaks both copies of it (the child's changes to
an epoll reach the parent's). So the agent forks this process before its loop
begins, everything imported and frozen; a worker then costs 6 ms and 3 MB. It has
no threads and no loop but `poll`. Must not know what workers do.

Asked with one datagram that carries the worker's socket; answers with datagrams:
`started PID`, or `failed REASON`, and `ended PID STATUS CPU_SECONDS` when one has ended.
Ends when its socket does, as it does when its parent dies; with it end all workers and
what they have left running.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from pytsung.agent import leftovers

PR_SET_PDEATHSIG = 1  # linux/prctl.h
DATAGRAM = 256


@dataclass(frozen=True, slots=True)
class Started:
    """A worker runs."""

    pid: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The host has no room for another process; `reason` is the kernel's."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker has ended. `status` as `os.waitstatus_to_exitcode` gives it."""

    pid: int
    status: int
    cpu_seconds: float


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when `parent`, its parent, ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def fork_zygote(life: Callable[[socket.socket], None]) -> tuple[socket.socket, int]:
    """Fork the zygote; gives the socket to ask it through, and its process id.

    Call it before any trio loop and any thread. Each worker's life is `life(socket)`.
    """
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gc.freeze()
    pid = os.fork()
    if pid:
        there.close()
        return here, pid
    here.close()
    # It outlives a killed agent by the moment that it takes to clear up behind it: its
    # group is its own, so that a signal to the agent's does not reach it.
    os.setpgid(0, 0)
    _live_forked(lambda: _Zygote(there, life).serve())
    raise AssertionError("unreachable")


def _live_forked(life: Callable[[], None]) -> None:
    """Live as a forked child and never return: no caller's cleanup is ours to run."""
    status = 1
    try:
        # 0 and 1 are the agent's channel: whoever kept them would hide its end.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(2, 1)
        life()
        status = 0
    except BaseException:  # noqa: BLE001 - the last frame of a process: say it and end
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


@dataclass(frozen=True, slots=True)
class _Child:
    """A worker that runs, and the name that all have that it starts."""

    pid: int
    name: str


class _Zygote:
    def __init__(self, channel: socket.socket, life: Callable[[socket.socket], None]) -> None:
        self._channel = channel
        self._life = life
        self._children: dict[int, _Child] = {}  # by pidfd

    def serve(self) -> None:
        """Fork when asked, reap when one has ended, until nobody asks any more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the agent decides when we stop
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._channel.fileno():
                    if not self._answer(poll):
                        self._end_all()
                        return
                else:
                    poll.unregister(descriptor)
                    self._reap(descriptor)

    def _answer(self, poll: select.poll) -> bool:
        connection = self._receive()
        if connection is None:
            return False
        zygote, name = os.getpid(), leftovers.new_name()
        try:
            pid = os.fork()
        except OSError as error:
            connection.close()
            self._tell(f"failed {error.strerror}")
            return True
        if not pid:
            self._channel.close()
            for descriptor in self._children:
                os.close(descriptor)
            _live_forked(lambda: self._live(connection, zygote, name))
        connection.close()
        descriptor = os.pidfd_open(pid)
        self._children[descriptor] = _Child(pid, name)
        poll.register(descriptor, select.POLLIN)
        self._tell(f"started {pid}")
        return True

    def _live(self, connection: socket.socket, zygote: int, name: str) -> None:
        die_with_parent(zygote)
        leftovers.name_this_worker(name)
        self._life(connection)

    def _receive(self) -> socket.socket | None:
        """The socket of a request; None at the end of the stream."""
        size = socket.CMSG_SPACE(array.array("i").itemsize)
        try:
            data, ancillary, _, _ = self._channel.recvmsg(DATAGRAM, size)
        except ConnectionResetError:  # the agent is gone, and had not read all we said
            return None
        if not data:
            return None
        descriptors = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(content)
        return socket.socket(fileno=descriptors[0])

    def _reap(self, descriptor: int) -> None:
        child = self._children.pop(descriptor)
        os.close(descriptor)
        _, status, usage = os.wait4(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        if code:
            leftovers.end_leftovers([child.name])  # one that ends well has seen to it
        self._tell(f"ended {child.pid} {code} {cpu}")

    def _end_all(self) -> None:
        """Nobody is there to hear of workers: end them, and what they have started."""
        names = [child.name for child in self._children.values()]
        for descriptor, child in self._children.items():
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            os.waitpid(child.pid, 0)
        if names:
            leftovers.end_leftovers(names)

    def _tell(self, text: str) -> None:
        with contextlib.suppress(ConnectionError):  # nobody listens: the next look ends us
            self._channel.send(text.encode())


def ask(channel: socket.socket, connection: socket.socket) -> None:
    """Ask for a worker that lives at the far end of `connection`."""
    rights = array.array("i", [connection.fileno()])
    channel.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def read_answer(datagram: bytes) -> Started | NotStarted | Ended:
    """What the zygote says."""
    word, *fields = datagram.decode().split()
    if word == "started":
        return Started(int(fields[0]))
    if word == "failed":
        return NotStarted(" ".join(fields))
    return Ended(int(fields[0]), int(fields[1]), float(fields[2]))
