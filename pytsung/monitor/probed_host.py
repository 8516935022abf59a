"""A host that is read by a program of ours there, the `probe`: Tsung's type `erlang`.

Must not know how the program got there: it is handed a stream to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import trio

from pytsung.monitor.source import Complain, Look, MonitorError
from pytsung.plan import MysqlAdmin
from pytsung.stats.readings import Reading, ReadingKind

Connect = Callable[[], AbstractAsyncContextManager[trio.abc.Stream]]
"""Brings up a probe and gives the stream to it; leaving the context ends it.

Raises MonitorError.
"""

LINE_LIMIT = 64 * 1024

BASELINE = 1.0
"""Seconds from the first look, which only tells where ticks are counted from."""

_MYSQL = re.compile(r"Threads: (?P<threads>\d+)\s+Questions: (?P<questions>\d+)")


class ProbedHost:
    """One host. `node` is Tsung's name of it.

    `with_levels=False` leaves out processor, memory and load: an agent runs on that host,
    and tells them already.
    """

    def __init__(
        self,
        node: str,
        connect: Connect,
        *,
        mysql: MysqlAdmin | None = None,
        with_levels: bool = True,
    ) -> None:
        self._node = node
        self._connect = connect
        self._mysql = mysql
        self._with_levels = with_levels

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        """Bring up the probe, and let it count for a moment."""
        async with self._connect() as stream:
            talk = _Talk(stream)
            ticks = _ticks(await talk.ask({}))
            await trio.sleep(BASELINE)

            async def look() -> Sequence[Reading]:
                nonlocal ticks
                figures = await talk.ask(self._question)
                before, ticks = ticks, _ticks(figures)
                try:
                    return list(self._readings(figures, before, ticks, complain))
                except (KeyError, TypeError, ValueError) as error:
                    raise MonitorError(f"its probe says {figures!r:.80}: {error!r}") from error

            yield look

    @property
    def _question(self) -> dict[str, Any]:
        if self._mysql is None:
            return {}
        access = self._mysql
        names = ("port", "username", "password")
        return {"mysql": {name: getattr(access, name) for name in names}}

    def _readings(
        self,
        figures: dict[str, Any],
        before: tuple[int, int],
        now: tuple[int, int],
        complain: Complain,
    ) -> Iterator[Reading]:
        if self._with_levels:
            total = now[1] - before[1]
            if total > 0:
                yield Reading("cpu", self._node, 100 * (now[0] - before[0]) / total)
            yield Reading("freemem", self._node, float(figures["freemem"]))
            yield Reading("load", self._node, float(figures["load"]))
        received, sent = figures["packets"]
        counter = ReadingKind.COUNTER
        yield Reading("recvpackets", self._node, float(received), counter)
        yield Reading("sentpackets", self._node, float(sent), counter)
        if self._mysql is not None:
            yield from self._mysql_readings(figures["mysql"], figures["mysql_error"], complain)

    def _mysql_readings(self, said: str, error: str, complain: Complain) -> Iterator[Reading]:
        found = _MYSQL.search(said)
        if found is None:
            reason = (error or said).strip() or "it says nothing"
            complain(f"mysqladmin: {reason}; see what `mysqladmin status` says there")
            return
        yield Reading("mysql_threads", self._node, float(found["threads"]))
        questions = float(found["questions"])
        yield Reading("mysql_questions", self._node, questions, ReadingKind.COUNTER)


class _Talk:
    """Questions and answers, a line of JSON each."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._said = b""

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the probe answers. Raises MonitorError when it is gone, or talks nonsense."""
        try:
            await self._stream.send_all(json.dumps(question).encode() + b"\n")
            line = await self._line()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise MonitorError(_GONE) from error
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise MonitorError(f"its probe says {line[:80]!r}, which is no figure") from error
        if not isinstance(answer, dict):
            raise MonitorError(f"its probe says {line[:80]!r}, which is no figure")
        return answer

    async def _line(self) -> bytes:
        while b"\n" not in self._said:
            data = await self._stream.receive_some()
            if not data:
                raise MonitorError(_GONE)
            self._said += bytes(data)
            if len(self._said) > LINE_LIMIT:
                raise MonitorError("its probe talks without end")
        line, _, self._said = self._said.partition(b"\n")
        return line


_GONE = "its probe has ended, or the way to it is cut; see whether the host is up"


def _ticks(figures: dict[str, Any]) -> tuple[int, int]:
    try:
        busy, total = figures["cpu"]
        return int(busy), int(total)
    except (KeyError, TypeError, ValueError) as error:
        raise MonitorError(f"its probe says {figures!r:.80}, without a processor") from error
