"""Munin nodes: a real one, and all that one may say otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from socket import AF_INET, socket

import pytest
import trio

from pytsung.monitor.munin import MuninHost, processors_of, readings_of, values_of
from pytsung.monitor.source import MonitorError
from pytsung.stats.readings import Reading, ReadingKind
from tests.monitor.daemons import MUNIN_NODE, NODE, munin_node
from tests.servers import hang_up, reset, serving, speak_garbage, stay_silent, unreachable

CPU = ["user.value 30", "nice.value 10", "system.value 20", "idle.value 900", "iowait.value 5"]


def look_at(
    port: int, *, times: int = 1, pause: float = 0.0, host: str = "127.0.0.1"
) -> tuple[list[Reading], list[str]]:
    """What a node on a port of this machine shows, and what it lacks."""
    complaints: list[str] = []
    found: list[Reading] = []

    async def main() -> None:
        async with MuninHost(host, port).open(complaints.append) as look:
            for number in range(times):
                await trio.sleep(pause if number else 0)
                found.extend(await look())

    trio.run(main)
    return found, complaints


@pytest.mark.skipif(MUNIN_NODE is None, reason="apt-get install munin-node")
def test_a_real_node(tmp_path: Path) -> None:
    """What Debian's node shows is this host's own state, under the name that it announces."""
    with munin_node(tmp_path) as port:
        began = time.monotonic()
        found, complaints = look_at(port, times=2, pause=0.5)
        took = time.monotonic() - began
    assert complaints == []
    assert [(one.metric, one.node) for one in found[:3]] == [
        ("cpu", NODE),
        ("freemem", NODE),
        ("load", NODE),
    ]
    first, again = found[0], found[3]
    assert first.kind is ReadingKind.COUNTER
    assert 0 <= again.value - first.value <= 10.5 * took, "hundredths of seconds, divided by ten"
    memory = Path("/proc/meminfo").read_text().splitlines()
    total = int(memory[0].split()[1]) / 1024
    assert 0 < found[1].value < total
    assert 0 <= found[2].value < 1000


@pytest.mark.skipif(MUNIN_NODE is None, reason="apt-get install munin-node")
def test_a_node_that_does_not_allow_us(tmp_path: Path) -> None:
    """The commonest slip: the node's default allows itself alone, and hangs up on others."""
    with (
        munin_node(tmp_path, allowed="192.0.2.1") as port,
        pytest.raises(MonitorError, match=r"hangs up.*allow"),
    ):
        look_at(port)


@pytest.mark.parametrize("behaviour", [hang_up, reset, speak_garbage])
def test_what_is_no_node_is_said(behaviour: object) -> None:
    """A port number that leads elsewhere must not look like a host without figures."""
    assert callable(behaviour)
    with serving(behaviour) as port, pytest.raises(MonitorError, match=r"munin|node"):
        look_at(port)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_name_with_two_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host has several, IPv4 and IPv6, and a node listens on one."""

    async def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        hosts = ("127.0.0.1", "127.0.0.2")
        return [(AF_INET, None, None, None, (host, taken[0])) for host in hosts]

    monkeypatch.setattr(trio.socket, "getaddrinfo", both)
    with serving(node, host=address) as port:
        taken = [port]
        found, _ = look_at(port, host="localhost")
    assert found[0].node == "a.b"


def test_a_port_without_anybody() -> None:
    """Its cure is another than that of a node which does not allow us."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(MonitorError, match=r"refused.*munin-node runs"):
            look_at(taken.getsockname()[1])


def test_a_silent_node_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded, though nobody outside bounds it."""
    monkeypatch.setattr("pytsung.monitor.munin.CONNECT_TIME", 0.1)
    with serving(stay_silent) as port, pytest.raises(MonitorError, match="does not answer"):
        look_at(port)
    with unreachable() as port, pytest.raises(MonitorError, match="does not answer"):
        look_at(port)


def test_a_stranger_is_not_reached() -> None:
    """Monitored hosts are hosts that connections go to: tests may not reach them either."""

    async def main() -> None:
        async with MuninHost("192.0.2.1", 4949).open(lambda _: None):
            pass

    with pytest.raises(MonitorError, match="PYTSUNG_LOOPBACK_ONLY"):
        trio.run(main)


def node(connection: socket) -> None:
    """A node with a plugin missing, as one answers for that."""
    connection.sendall(b"# munin node at a.b\n")
    answers = {
        b"config cpu": b"graph_args --upper-limit 400\n.\n",
        b"fetch cpu": b"user.value 4000\nidle.value 9\n.\n",
        b"fetch memory": b"# Unknown service\n.\n",
        b"fetch load": b"load.value 0.25\n.\n",
    }
    said = b""
    while data := connection.recv(4096):
        said += data
        while b"\n" in said:
            line, _, said = said.partition(b"\n")
            connection.sendall(answers[line])


def test_a_plugin_that_is_missing_is_said_and_left_out() -> None:
    """The other figures are worth having."""
    with serving(node) as port:
        found, complaints = look_at(port)
    assert found == [
        Reading("cpu", "a.b", 100.0, ReadingKind.COUNTER),
        Reading("load", "a.b", 0.25),
    ]
    assert complaints == ["its munin node has no plugin memory; link it there"]


def test_all_but_idle_is_busy_and_shared_by_the_processors() -> None:
    """The figure is percent of the whole machine, as an agent's."""
    answers = {"cpu": values_of(CPU)}
    (reading,) = readings_of("n", answers, 2)
    assert reading.value == pytest.approx(65 / 10 / 2)


def test_memory_is_what_programs_could_have() -> None:
    """Buffers and cache are free for the asking."""
    answers = {"memory": {"free": 1048576.0, "buffers": 2097152.0, "cached": 1048576.0, "apps": 9}}
    assert readings_of("n", answers, 1) == [Reading("freemem", "n", 4.0)]


@pytest.mark.parametrize(
    ("configuration", "processors"),
    [
        (["graph_args --base 1000 -r --lower-limit 0 --upper-limit 1600"], 16),
        (["graph_title CPU usage"], 1),
        (["graph_args --upper-limit 50"], 1),
    ],
)
def test_the_graph_tells_how_many_processors(configuration: list[str], processors: int) -> None:
    """There is no other way to ask."""
    assert processors_of(configuration) == processors


def test_values_that_are_none() -> None:
    """`U` is unknown, `nan` no number, and a broken line no reason to fail."""
    assert values_of(["a.value U", "b.value nan", "c", "d.value 1.5e3", "e.value -2"]) == {
        "d": 1500.0,
        "e": -2.0,
    }
    with pytest.raises(MonitorError, match=r"1\.2\.3"):
        values_of(["a.value 1.2.3"])
