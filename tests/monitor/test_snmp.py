"""SNMP: a real snmpd, and agents that answer otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from pytsung.monitor import snmp
from pytsung.monitor.snmp import CPU_SYSTEM, CPU_USER, LOAD, MEMORY, USUAL, SnmpHost
from pytsung.monitor.source import MonitorError
from pytsung.plan import SnmpAccess, SnmpObject
from pytsung.stats.readings import Reading, ReadingKind
from tests.monitor.daemons import SNMPD, free_port, snmp_daemon

UPTIME = "1.3.6.1.2.1.1.3.0"
needs_snmpd = pytest.mark.skipif(SNMPD is None, reason="apt-get install snmpd")


def look_at(access: SnmpAccess, host: str = "127.0.0.1") -> tuple[list[Reading], list[str]]:
    """What an agent shows, and what it lacks."""
    complaints: list[str] = []

    async def main() -> list[Reading]:
        async with SnmpHost(host, access).open(complaints.append) as look:
            return list(await look())

    return trio.run(main), complaints


@needs_snmpd
@pytest.mark.parametrize("version", [1, 2])
def test_a_real_agent(tmp_path: Path, version: int) -> None:
    """Both versions show this host's state; what it lacks is left out, in version 1, too."""
    own = (
        SnmpObject(UPTIME, "uptime", "sample", "fun(X)-> X/100 end."),
        SnmpObject("1.3.6.1.2.1.11.1.0", "packets", "sample_counter"),
        SnmpObject("1.3.6.1.4.1.42.2.1.0", "heapused"),
    )
    with snmp_daemon(tmp_path) as port:
        found, complaints = look_at(SnmpAccess(port, "public", version, own))
    assert [(one.metric, one.node, one.kind.value) for one in found] == [
        ("cpu", "127.0.0.1", "sample_counter"),
        ("freemem", "127.0.0.1", "sample"),
        ("load", "127.0.0.1", "sample"),
        ("uptime", "127.0.0.1", "sample"),
        ("packets", "127.0.0.1", "sample_counter"),
    ]
    ticks = sum(int(text) for text in Path("/proc/stat").read_text().split()[1:4:2])
    # It says 0 until it has looked itself, after five seconds.
    assert found[0].value == 0 or found[0].value == pytest.approx(ticks / 10, rel=0.05)
    total = int(Path("/proc/meminfo").read_text().split()[1]) / 1000
    assert 0 < found[1].value < total
    assert 0 <= found[3].value < 20, "the agent has just begun"
    assert complaints == ["1.3.6.1.4.1.42.2.1.0 is not there, or no number; it is left out"]


@needs_snmpd
def test_another_community(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent does not answer strangers at all: the cure has to guess."""
    monkeypatch.setattr(snmp, "ANSWER_TIME", 0.3)
    with (
        snmp_daemon(tmp_path) as port,
        pytest.raises(MonitorError, match=r"no SNMP answer.*community \(version 2c\)"),
    ):
        look_at(SnmpAccess(port, "secret"))


@needs_snmpd
def test_an_agent_that_shows_nothing_of_it(tmp_path: Path) -> None:
    """As Debian's snmpd is configured at first."""
    lines = ("view one included .1.3.6.1.2.1.1.3", "rocommunity narrow 127.0.0.1 -V one")
    with (
        snmp_daemon(tmp_path, *lines) as port,
        pytest.raises(MonitorError, match=r"shows nothing.*snmpd\.conf"),
    ):
        look_at(SnmpAccess(port, "narrow"))


def test_nobody_there() -> None:
    """A port that nobody listens on says so at once."""
    port = free_port(socket.SOCK_DGRAM)
    with pytest.raises(MonitorError, match=f"UDP port {port}; start snmpd"):
        look_at(SnmpAccess(port))


def test_a_stranger_is_not_reached() -> None:
    """Datagrams are fenced like connections."""
    with pytest.raises(MonitorError, match="PYTSUNG_LOOPBACK_ONLY"):
        look_at(SnmpAccess(), host="192.0.2.1")


# -- agents of our own ----------------------------------------------------------------

VALUES = {CPU_USER: 700, CPU_SYSTEM: 300, MEMORY: 512000, LOAD: 125}

Respond = Callable[[int, list[str]], tuple[int, int, dict[str, int]]]
"""From the number of a question and its objects to error, place and values."""


@contextmanager
def agent(respond: Respond, junk: tuple[bytes, ...] = (), version: int = 2) -> Iterator[int]:
    """An agent that answers as it is told; `junk` goes before each answer."""
    protocol = api.PROTOCOL_MODULES[version - 1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            count = 0
            while not over.is_set():
                try:
                    data, peer = listening.recvfrom(65535)
                except TimeoutError:
                    continue
                count += 1
                message, _ = decoder.decode(data, asn1Spec=protocol.Message())
                asked = protocol.apiMessage.get_pdu(message)
                oids = [str(oid) for oid, _ in protocol.apiPDU.get_varbinds(asked)]
                error, place, values = respond(count, oids)
                if error < 0:
                    continue  # lost on its way
                answer = protocol.apiMessage.get_response(message)
                pdu = protocol.apiMessage.get_pdu(answer)
                bindings = [(oid, protocol.Integer(values[oid])) for oid in oids if oid in values]
                protocol.apiPDU.set_error_status(pdu, error)
                protocol.apiPDU.set_error_index(pdu, place)
                protocol.apiPDU.set_varbinds(pdu, bindings)
                for one in junk:
                    listening.sendto(one, peer)
                listening.sendto(encoder.encode(answer), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


EXPECTED = [
    Reading("cpu", "127.0.0.1", 100.0, ReadingKind.COUNTER),
    Reading("freemem", "127.0.0.1", 512.0),
    Reading("load", "127.0.0.1", 1.25),
]


def test_figures_are_in_tsungs_units() -> None:
    """Ticks by ten, kilobytes by a thousand, hundredths by a hundred."""
    with agent(lambda count, oids: (0, 0, VALUES)) as port:
        assert look_at(SnmpAccess(port)) == (EXPECTED, [])


def test_a_question_that_is_too_big_is_cut_in_two() -> None:
    """Small devices answer a few objects at a time."""
    sizes: list[int] = []

    def respond(count: int, oids: list[str]) -> tuple[int, int, dict[str, int]]:
        sizes.append(len(oids))
        return (1, 0, {}) if len(oids) > 1 else (0, 0, VALUES)

    with agent(respond) as port:
        assert look_at(SnmpAccess(port)) == (EXPECTED, [])
    assert sizes == [4, 2, 1, 1, 2, 1, 1]


def test_an_answer_that_is_lost_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datagrams get lost, most of all at a host under load."""
    monkeypatch.setattr(snmp, "AGAIN", 0.1)
    with agent(lambda count, oids: (-1 if count == 1 else 0, 0, VALUES)) as port:
        assert look_at(SnmpAccess(port)) == (EXPECTED, [])


def test_what_is_no_answer_is_passed_over() -> None:
    """Anybody may send a datagram; a late answer to another question is none to this one."""
    stranger = encoder.encode(_answer(number=99, value=1))
    with agent(lambda count, oids: (0, 0, VALUES), junk=(b"", b"\x30\x82", stranger)) as port:
        assert look_at(SnmpAccess(port)) == (EXPECTED, [])


def _answer(number: int, value: int) -> object:
    protocol = api.PROTOCOL_MODULES[1]
    pdu = protocol.ResponsePDU()
    protocol.apiPDU.set_defaults(pdu)
    protocol.apiPDU.set_request_id(pdu, number)
    protocol.apiPDU.set_varbinds(pdu, [(oid, protocol.Integer(value)) for oid in USUAL])
    message = protocol.Message()
    protocol.apiMessage.set_defaults(message)
    protocol.apiMessage.set_community(message, "public")
    protocol.apiMessage.set_pdu(message, pdu)
    return message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", 7.0),
        ("fun(X) -> X / 2 end.", 3.5),
        ("fun(X) -> X rem 4 end", 3.0),
        ("fun(X) -> case X of 7 -> 1; _ -> 0 end end.", 1.0),
    ],
)
def test_eval_is_erlang(code: str, expected: float) -> None:
    """As people have it in their configurations; a whole number stays one."""
    own = (SnmpObject("1.3.6.1", "own", "sum", code),)
    with agent(lambda count, oids: (0, 0, VALUES | {"1.3.6.1": 7})) as port:
        found, complaints = look_at(SnmpAccess(port, objects=own))
    assert found[3:] == [Reading("own", "127.0.0.1", expected, ReadingKind.SUM)]
    assert complaints == []


@pytest.mark.parametrize("code", ["fun(X) -> X / 0 end.", "fun(X) -> ok end.", "fun(6) -> 1 end."])
def test_an_eval_that_crashes_leaves_its_figure_out(code: str) -> None:
    """The agent may show a value that nobody thought of."""
    own = (SnmpObject("1.3.6.1", "own", "sample", code),)
    with agent(lambda count, oids: (0, 0, VALUES | {"1.3.6.1": 7})) as port:
        found, (complaint,) = look_at(SnmpAccess(port, objects=own))
    assert found == EXPECTED
    assert complaint.startswith("own: eval of 7 fails: ")
