"""A host that is read by SNMP: Tsung's type `snmp`.

Processor, memory and load come from net-snmp's tables (UCD-SNMP-MIB), as in Tsung; more
by `<oid>`. Must not know when it is asked.
"""

from __future__ import annotations

import itertools
import math
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from types import SimpleNamespace

import trio

from pytsung.monitor.network import addresses_of
from pytsung.monitor.snmp_messages import NO_SUCH_NAME, TOO_BIG, Answer, answer_in, question
from pytsung.monitor.source import Complain, Look, MonitorError
from pytsung.plan import SnmpAccess
from pytsung.stats.readings import Reading, ReadingKind
from pytsung.user.erlang.code import compile_function
from pytsung.user.erlang.terms import ErlangError, number

CPU_USER = "1.3.6.1.4.1.2021.11.50.0"
CPU_SYSTEM = "1.3.6.1.4.1.2021.11.52.0"
MEMORY = "1.3.6.1.4.1.2021.4.6.0"  # memAvailReal, in kilobytes
LOAD = "1.3.6.1.4.1.2021.10.1.5.1"  # laLoadInt, hundredths, of one minute
USUAL = (CPU_USER, CPU_SYSTEM, MEMORY, LOAD)

AGAIN = 1.0
"""Seconds until a question is asked again: datagrams get lost."""

ANSWER_TIME = 4.0
"""Seconds until nobody is there."""

LARGEST_DATAGRAM = 65535

Evaluate = Callable[[float], float]


class SnmpHost:
    """One host, and how its agent is asked."""

    def __init__(self, host: str, access: SnmpAccess) -> None:
        self._host = host
        self._access = access
        self._wanted = list(dict.fromkeys([*USUAL, *(each.oid for each in access.objects)]))
        self._evaluate = {each: _function(each.code) for each in access.objects}
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        """A socket; nobody is reached yet."""
        places = await addresses_of(self._host, self._access.port, socket.SOCK_DGRAM)
        family, place = places[0]  # whether anybody is there, a datagram cannot tell
        with trio.socket.socket(family, socket.SOCK_DGRAM) as opened:
            await opened.connect(place)

            async def look() -> Sequence[Reading]:
                values = await self._get(opened, self._wanted)
                for oid in self._wanted:
                    if oid not in values:
                        complain(f"{oid} is not there, or no number; it is left out")
                if not values:
                    raise MonitorError(
                        "its SNMP agent shows nothing of what is asked for; let it show "
                        "1.3.6.1.4.1.2021 (rocommunity and view in snmpd.conf)"
                    )
                return self._readings(values, complain)

            yield look

    async def _get(self, opened: trio.socket.SocketType, oids: Sequence[str]) -> dict[str, float]:
        """The values of those that are there; a question that is too big is cut in two."""
        if not oids:
            return {}
        answer = await self._ask(opened, oids)
        if answer.error == NO_SUCH_NAME and 1 <= answer.place <= len(oids):
            # Version 1 then gives nothing at all: ask for the others (RFC 1157, 4.1.2).
            rest = [oid for place, oid in enumerate(oids, 1) if place != answer.place]
            return await self._get(opened, rest)
        if answer.error == TOO_BIG and len(oids) > 1:
            half = len(oids) // 2
            return await self._get(opened, oids[:half]) | await self._get(opened, oids[half:])
        return dict(answer.values)

    async def _ask(self, opened: trio.socket.SocketType, oids: Sequence[str]) -> Answer:
        asked = next(self._numbers)
        data = question(asked, oids, self._access.community, self._access.version)
        with trio.move_on_after(ANSWER_TIME):
            while True:
                try:
                    await opened.send(data)
                    with trio.move_on_after(AGAIN):
                        while True:
                            answer = answer_in(
                                await opened.recv(LARGEST_DATAGRAM), self._access.version
                            )
                            if answer is not None and answer.number == asked:
                                return answer
                except ConnectionRefusedError as error:
                    raise MonitorError(
                        f"nothing listens on UDP port {self._access.port}; start snmpd there, "
                        "or correct <snmp port>"
                    ) from error
                except OSError as error:
                    raise MonitorError(f"SNMP: {error.strerror}; correct <monitor host>") from error
        raise MonitorError(
            f"no SNMP answer within {ANSWER_TIME:.0f} s; see whether snmpd runs there, allows "
            f"this machine, and knows the community (version {_VERSIONS[self._access.version]})"
        )

    def _readings(self, values: Mapping[str, float], complain: Complain) -> list[Reading]:
        node = self._host
        found = []
        if CPU_USER in values and CPU_SYSTEM in values:
            busy = (values[CPU_USER] + values[CPU_SYSTEM]) / 10
            found.append(Reading("cpu", node, busy, ReadingKind.COUNTER))
        if MEMORY in values:
            found.append(Reading("freemem", node, values[MEMORY] / 1000))
        if LOAD in values:
            found.append(Reading("load", node, values[LOAD] / 100))
        for each in self._access.objects:
            if each.oid not in values:
                continue
            try:
                value = self._evaluate[each](values[each.oid])
            except (ErlangError, ArithmeticError) as error:
                complain(f"{each.name}: eval of {values[each.oid]:g} fails: {error}; correct it")
            else:
                found.append(Reading(each.name, node, value, ReadingKind(each.kind)))
        return found


_VERSIONS = {1: "1", 2: "2c"}


def _function(code: str) -> Evaluate:
    """What `<oid eval>` is; without it a value stands for itself."""
    if not code:
        return lambda value: value
    run = compile_function(code)
    here = SimpleNamespace(random=Random(), unix_time=0.0, lookup=lambda _: "false")

    def evaluate(value: float) -> float:
        # Erlang's integer stays one: `rem` and `div` take nothing else.
        result = float(number(run(int(value) if value.is_integer() else value, here)))
        if not math.isfinite(result):
            raise ErlangError("the result is no number")
        return result

    return evaluate
