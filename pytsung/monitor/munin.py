"""A host that is read through its munin node: Tsung's type `munin`.

A line is a question, lines until a lone `.` are the answer (Munin's network protocol).
Each reading is a connection of its own: a node closes one that lasts, after a quarter of
an hour as Debian has it. Must not know when it is asked.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from pytsung.monitor.network import addresses_of
from pytsung.monitor.source import Complain, Look, MonitorError
from pytsung.stats.readings import Reading, ReadingKind

ANSWER_LIMIT = 64 * 1024
CONNECT_TIME = 5.0
MEGABYTE = 1048576

_BANNER = re.compile(r"# munin node at (\S+)")
_VALUE = re.compile(r"(\w+)\.value\s+(-?[\d.]+(?:[eE][-+]?\d+)?)", re.ASCII)
_LIMIT = re.compile(r"--upper-limit\s+(\d+)")


class MuninHost:
    """One host, and the port of its node."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        """See that there is a node, and how many processors it counts."""
        with trio.move_on_after(CONNECT_TIME) as patience:
            async with self._talk() as talk:
                processors = processors_of(await talk.ask("config cpu"))
        if patience.cancelled_caught:
            raise MonitorError(f"port {self._port} does not answer as a munin node; {_CURE}")

        async def look() -> Sequence[Reading]:
            async with self._talk() as talk:
                answers = {
                    plugin: values_of(await talk.ask(f"fetch {plugin}"))
                    for plugin in ("cpu", "memory", "load")
                }
                for plugin, values in answers.items():
                    if not values:
                        complain(f"its munin node has no plugin {plugin}; link it there")
                return readings_of(talk.name, answers, processors)

        yield look

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[_Talk]:
        with contextlib.ExitStack() as opened:
            try:
                talk = _Talk(trio.SocketStream(await self._connect(opened)))
                await talk.begin()
                yield talk
            except (OSError, trio.BrokenResourceError) as error:
                cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
                reason = getattr(cause, "strerror", None) or str(cause)
                raise MonitorError(f"munin node on port {self._port}: {reason}; {_CURE}") from error

    async def _connect(self, opened: contextlib.ExitStack) -> trio.socket.SocketType:
        """The first of its addresses that takes a connection; raises the last one's OSError."""
        *others, last = await addresses_of(self._host, self._port, socket.SOCK_STREAM)
        for family, place in others:
            attempt = opened.enter_context(trio.socket.socket(family, socket.SOCK_STREAM))
            with contextlib.suppress(OSError):
                await attempt.connect(place)
                return attempt
        attempt = opened.enter_context(trio.socket.socket(last[0], socket.SOCK_STREAM))
        await attempt.connect(last[1])
        return attempt


class _Talk:
    """A connection to a node. `name` is what the node calls itself."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._said = b""
        self.name = ""

    async def begin(self) -> None:
        """Hear the node's name."""
        banner = await self._line()
        found = _BANNER.match(banner)
        if found is None:
            raise MonitorError(f"it says {banner[:60]!r}, which is no munin node; {_CURE}")
        self.name = found[1]

    async def ask(self, question: str) -> list[str]:
        """The lines of an answer."""
        await self._stream.send_all(f"{question}\n".encode())
        lines: list[str] = []
        while (line := await self._line()) != ".":
            lines.append(line)
        return lines

    async def _line(self) -> str:
        while b"\n" not in self._said:
            data = await self._stream.receive_some()
            if not data:
                raise MonitorError(
                    "its munin node hangs up; allow this machine there (allow in munin-node.conf)"
                )
            self._said += bytes(data)
            if len(self._said) > ANSWER_LIMIT:
                raise MonitorError(f"it talks without end, as no munin node does; {_CURE}")
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


_CURE = "see whether munin-node runs there, and <munin port>"


def values_of(lines: Sequence[str]) -> dict[str, float]:
    """The numbers in an answer to `fetch`; `U`, munin's word for none, is none."""
    found = {}
    for line in lines:
        match = _VALUE.fullmatch(line)
        if match is not None:
            try:
                found[match[1]] = float(match[2])
            except ValueError as error:
                raise MonitorError(f"its munin node says {line[:60]!r}; {_CURE}") from error
    return found


def processors_of(configuration: Sequence[str]) -> int:
    """How many processors the graph of `cpu` has room for, 100 each; 1 where it does not say."""
    found = _LIMIT.search("\n".join(configuration))
    return max(1, int(found[1]) // 100) if found is not None else 1


def readings_of(
    node: str, answers: Mapping[str, Mapping[str, float]], processors: int
) -> list[Reading]:
    """The answers in Tsung's words; a plugin that the node does not have is left out.

    `cpu` counts hundredths of seconds: what it grew by in ten seconds, divided by ten, is
    percent of one processor.
    """
    cpu, memory, load = (answers.get(name, {}) for name in ("cpu", "memory", "load"))
    found = []
    if cpu:
        busy = sum(value for name, value in cpu.items() if name != "idle")
        found.append(Reading("cpu", node, busy / 10 / processors, ReadingKind.COUNTER))
    if "free" in memory:
        free = sum(memory.get(name, 0.0) for name in ("free", "buffers", "cached"))
        found.append(Reading("freemem", node, free / MEGABYTE))
    if load:
        found.append(Reading("load", node, sum(load.values())))
    return found
